"""The inference thread: patches as one, only changes sent, stamps kept, nothing lost to a full ring."""

import threading
import time

import numpy as np
import numpy.typing as npt

from tsumami.engine import EVENT_DTYPE, Kind, MeterBlock, Ring, event
from tsumami.engine.macros.thread import MacroFeed, MacroThread
from tsumami.engine.patch_events import patch_events, patch_to_come


class Slide:
    """A macro processor of two parameters: a knob moves both a tenth of the way each tick."""

    def __init__(self) -> None:
        self.values = np.array([0.5, 0.5], np.float32)
        self.positions = np.zeros(1, np.float32)
        self.non_finite = 0
        self.loaded: list[npt.NDArray[np.float32]] = []
        self._ticks = 0

    @property
    def is_moving(self) -> bool:
        return self._ticks > 0

    def load(self, values: npt.NDArray[np.float32]) -> None:
        self.values = values.copy()
        self.loaded.append(values.copy())

    def morph_from(self, which: int, values: npt.NDArray[np.float32]) -> None:
        raise AssertionError(f"nobody morphs here: {which} {values}")

    def morph(self, share: float) -> None:
        raise AssertionError(f"nobody morphs here: {share}")

    def move(self, macro: int, position: float) -> None:
        self._ticks = 3
        self.positions[macro] = position

    def move_latent(self, dimension: int, position: float) -> None:
        raise AssertionError(f"nobody turns the latent here: {dimension} {position}")

    def tick(self, seconds: float) -> bool:
        assert 0 <= seconds <= 0.004
        self._ticks -= 1
        self.values = self.values + np.float32(0.1)
        return True


def _feed(capacity: int = 64) -> tuple[MacroFeed, Slide, Ring, Ring, MeterBlock]:
    slide, meters = Slide(), MeterBlock.allocate()
    macro_ring, parameter_ring = Ring.allocate(EVENT_DTYPE, 64), Ring.allocate(EVENT_DTYPE, capacity)
    return MacroFeed(slide, macro_ring, parameter_ring, meters), slide, macro_ring, parameter_ring, meters


def test_a_patch_is_loaded_as_one_and_only_what_changed_is_sent() -> None:
    feed, slide, macro_ring, parameter_ring, _ = _feed()
    macro_ring.push(patch_events(np.array([0.5, 0.9], np.float32)))
    feed.advance(time.perf_counter_ns)
    assert [values.tolist() for values in slide.loaded] == [np.array([0.5, 0.9], np.float32).tolist()]
    sent = parameter_ring.pop()
    assert sent["index"].tolist() == [1]
    assert sent["value"].tolist() == [np.float32(0.9)]
    assert feed.is_settled


def test_nothing_moves_until_the_instrument_has_taken_its_patch() -> None:
    feed, slide, macro_ring, parameter_ring, _ = _feed()
    macro_ring.push(np.concatenate([patch_to_come(), event(Kind.MACRO, 0, 0.7)]))
    feed.advance(time.perf_counter_ns)
    assert feed.is_settled, "it sleeps until the patch is told"
    assert len(parameter_ring) == 0
    there = np.array([0.25, 0.9], np.float32)
    macro_ring.push(patch_events(there, is_there=True))
    feed.advance(time.perf_counter_ns)
    assert slide.loaded[-1].tolist() == there.tolist()
    sent = parameter_ring.pop()
    assert sent["value"].tolist() == (there + np.float32(0.1)).tolist(), "of the patch itself nothing is sent"
    while not feed.is_settled:
        feed.advance(time.perf_counter_ns)
    macro_ring.push(patch_events(np.zeros(2, np.float32), is_there=True))
    feed.advance(time.perf_counter_ns)
    parameter_ring.pop()
    macro_ring.push(patch_events(np.zeros(2, np.float32)))
    feed.advance(time.perf_counter_ns)
    assert len(parameter_ring) == 0


def test_a_knob_is_decoded_until_it_has_arrived() -> None:
    feed, _, macro_ring, parameter_ring, meters = _feed()
    macro_ring.push(event(Kind.MACRO, 0, 0.7, stamp_ns=time.perf_counter_ns()))
    turns = 0
    while turns == 0 or not feed.is_settled:
        feed.advance(time.perf_counter_ns)
        turns += 1
    sent = parameter_ring.pop()
    assert turns == 3
    assert len(sent) == 6
    assert np.count_nonzero(sent["stamp_ns"]) == 1, "the first parameters carry the knob's stamp"
    assert meters["inference_steps"] == 3
    assert meters["set_latency"].sum() == 1
    assert meters["macros"][0] == np.float32(0.7)


def test_what_a_full_ring_refuses_is_sent_later() -> None:
    feed, slide, macro_ring, parameter_ring, _ = _feed(capacity=2)
    parameter_ring.push(np.concatenate([event(Kind.PARAMETER, 0, 0.1)] * 2))
    macro_ring.push(event(Kind.PARAMETER, 1, 0.25))
    feed.advance(time.perf_counter_ns)
    assert not feed.is_settled
    parameter_ring.pop()
    feed.advance(time.perf_counter_ns)
    assert parameter_ring.pop()["value"].tolist() == [0.25]
    assert slide.values.tolist() == [0.5, 0.25]
    assert feed.is_settled


def test_the_thread_wakes_at_the_doorbell_and_stops() -> None:
    slide, meters = Slide(), MeterBlock.allocate()
    macro_ring, parameter_ring = Ring.allocate(EVENT_DTYPE, 64), Ring.allocate(EVENT_DTYPE, 64)
    doorbell = _Bell()
    thread = MacroThread(slide, macro_ring, parameter_ring, meters, doorbell)
    thread.start()
    macro_ring.push(event(Kind.MACRO, 0, 0.2))
    doorbell.release()
    deadline = time.monotonic() + 10
    while len(parameter_ring) < 6 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert len(parameter_ring) == 6
    thread.stop()
    assert not thread.is_alive()


class _Bell:
    """A `multiprocessing` semaphore's interface over one of `threading`."""

    def __init__(self) -> None:
        self._semaphore = threading.Semaphore(0)

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        return self._semaphore.acquire(block, timeout)

    def release(self) -> None:
        self._semaphore.release()
