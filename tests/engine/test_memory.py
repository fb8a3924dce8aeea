"""The machine from kernels: denormals, the clock, addresses."""

import time

import numpy as np
import numpy.typing as npt
from numba import carray

from tsumami.engine.clock import now_ns, sleep_until
from tsumami.engine.jit import kernel
from tsumami.engine.memory import (
    as_pointer,
    exchange,
    flush_denormals,
    load_acquire,
    restore_denormals,
    store_release,
)

_DENORMAL = 1e-310


@kernel
def _halve(values: npt.NDArray[np.float64], flush: bool) -> None:
    mode = flush_denormals() if flush else 0
    for i in range(len(values)):
        values[i] *= 0.5
    if flush:
        restore_denormals(mode)


@kernel
def _now() -> int:
    return now_ns()


@kernel
def _store(address: int, value: int) -> int:
    store_release(address, value)
    return load_acquire(address) + carray(as_pointer(address), 1, np.int64)[0]


@kernel
def _exchange(address: int, value: int) -> int:
    return exchange(address, value)


def test_an_exchange_leaves_one_and_takes_the_other() -> None:
    cell = np.array([7], np.int64)
    assert _exchange(cell.ctypes.data, -3) == 7
    assert cell[0] == -3


def test_denormals_are_zero_while_flushed_and_only_then() -> None:
    for flush, expected in ((False, _DENORMAL / 2), (True, 0.0), (False, _DENORMAL / 2)):
        values = np.full(5, _DENORMAL)
        _halve(values, flush)
        assert values.tolist() == [expected] * 5


def test_the_clock_is_that_of_python() -> None:
    _now()
    before, inside, after = time.perf_counter_ns(), _now(), time.perf_counter_ns()
    assert before <= inside <= after


def test_sleep_ends_after_its_deadline() -> None:
    deadline = _now() + 2_000_000
    sleep_until(deadline)
    assert _now() >= deadline


def test_words_are_stored_and_loaded_at_addresses() -> None:
    word = np.zeros(1, np.int64)
    assert _store(word.ctypes.data, -7) == -14
    assert word[0] == -7
