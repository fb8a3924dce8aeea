"""The player: every event of the performance once, on time, in a loop that joins."""

import time
from collections.abc import Callable

import numpy as np

from tsumami.bridge.performance import Performance
from tsumami.bridge.player import Player
from tsumami.engine import NOW, Events, Kind, event

_RATE = 48000


def _performance() -> Performance:
    events = [event(Kind.NOTE_ON, 60 + i, 0.5, time=1000 * i) for i in range(5)]
    events.insert(3, event(Kind.MACRO, 0, 0.5, time=2500))
    return Performance(np.concatenate(events), _RATE, length=6000)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_two_turns_of_a_loop_are_scheduled_without_gap_or_double() -> None:
    heard: list[Events] = []
    now = [0]
    player = Player(_performance(), heard.append, lambda: now[0])
    player.start()
    while now[0] < 14_000:
        now[0] += 700
        time.sleep(0.025)
    _until(lambda: sum(int(np.count_nonzero(block["kind"] == Kind.NOTE_ON)) for block in heard) >= 10)
    player.stop()
    events = np.concatenate(heard)
    notes = events[events["kind"] == Kind.NOTE_ON]
    times = notes["time"][:10]
    expected = np.concatenate([np.arange(5) * 1000, 6000 + np.arange(5) * 1000])
    np.testing.assert_array_equal(times - times[0], expected)
    macros = events[events["kind"] == Kind.MACRO]
    assert len(macros) >= 1
    assert set(macros["time"].tolist()) == {NOW}, "a knob goes through the inference thread at once"
    assert events["kind"][-1] == Kind.ALL_NOTES_OFF
