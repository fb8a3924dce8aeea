"""Rings: what goes in comes out, in order, once, whatever the sizes and whoever runs alongside."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from tsumami.engine.ring import Ring, ring_consume, ring_peek, ring_push

_RECORD = np.dtype([("number", np.int64), ("check", np.int64)])


def _records(first: int, count: int) -> np.ndarray:
    records = np.zeros(count, _RECORD)
    records["number"] = np.arange(first, first + count)
    records["check"] = records["number"] * 7
    return records


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=60))
def test_a_ring_is_a_bounded_queue(steps: list[tuple[int, int]]) -> None:
    ring = Ring.allocate(_RECORD, 16)
    model: list[int] = []
    pushed = dropped = 0
    for push, pop in steps:
        accepted = ring.push(_records(pushed, push))
        assert accepted == (len(model) + push <= 16)
        if accepted:
            model.extend(range(pushed, pushed + push))
            pushed += push
        else:
            dropped += push
        taken = ring.pop(pop)
        assert taken["number"].tolist() == model[:pop]
        assert (taken["check"] == taken["number"] * 7).all()
        del model[:pop]
        assert len(ring) == len(model)
    assert ring.dropped == dropped


def test_peek_leaves_records_in_the_ring() -> None:
    ring = Ring.allocate(_RECORD, 8)
    ring.push(_records(0, 5))
    seen = np.zeros(3, _RECORD)
    assert ring_peek(ring.address, seen.ctypes.data, 3) == 3
    assert len(ring) == 5
    ring_consume(ring.address, 2)
    assert ring.pop()["number"].tolist() == [2, 3, 4]


def test_capacity_must_be_a_power_of_two() -> None:
    with pytest.raises(ValueError, match="power of two, got 12"):
        Ring.allocate(_RECORD, 12)


def test_records_must_be_whole_words() -> None:
    with pytest.raises(ValueError, match="multiple of 8 bytes, got 12"):
        Ring.allocate(np.dtype([("a", np.float32, (3,))]), 8)


@njit(nogil=True)
def _produce(ring: int, source: int, record_bytes: int, total: int) -> int:
    """Push records one at a time as fast as the consumer allows; returns how often the ring was full."""
    full = 0
    sent = 0
    while sent < total:
        if ring_push(ring, source + sent * record_bytes, 1):
            sent += 1
        else:
            full += 1
    return full


def test_two_threads_without_a_lock_lose_and_reorder_nothing() -> None:
    total = 200_000
    ring = Ring.allocate(_RECORD, 64)
    source = _records(0, total)
    warm_up = Ring.allocate(_RECORD, 64)
    _produce(warm_up.address, source.ctypes.data, _RECORD.itemsize, 1)
    producer = threading.Thread(
        target=_produce, args=(ring.address, source.ctypes.data, _RECORD.itemsize, total)
    )
    producer.start()
    taken = []
    while producer.is_alive() or len(ring):
        taken.append(ring.pop())
    producer.join()
    received = np.concatenate([*taken, ring.pop()])
    np.testing.assert_array_equal(received, source)
