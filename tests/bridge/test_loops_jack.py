"""Loops on a JACK server: whole bars of the session's tempo or of a MIDI clock, and changes between them."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.bridge.keyboard import keyboard
from tests.bridge.live_process import running_live
from tests.bridge.test_loops_live import BAR, BPM, FADE, SESSION, client_of, is_at, loop_of, recorded
from tests.engine.loops_model import tiny_loops
from tests.jack import JackServer
from tests.leftovers import assert_nothing_left
from tsumami.bridge.midi.clock_follower import PULSES_PER_BEAT
from tsumami.bridge.midi.parser import Status
from tsumami.engine.loops.assembly import STEPS

Audio = npt.NDArray[np.float32]

_ALIKE = 0.98
"""Correlation of a beat with itself, where the tempo that was heard is a little another one."""


def session_in(folder: Path, source: str) -> Path:
    (folder / "tiny.onnx").write_bytes(tiny_loops())
    path = folder / "loops.toml"
    text = SESSION.replace('[device]\nname = "null"\n', "")
    path.write_text(text.replace("[tempo]\n", f'[tempo]\nsource = "{source}"\n'))
    return path


@pytest.mark.usefixtures("jack_server")
def test_every_bar_is_whole_and_changes_are_at_bar_lines(tmp_path: Path) -> None:
    """From the first sample to the last bar: so many bars of one seed, then so many of the other."""
    take, path = tmp_path / "take.wav", session_in(tmp_path, "own")
    first, second = loop_of(tmp_path, 1), loop_of(tmp_path, 2)
    with (
        running_live(str(path), "--no-demo", "--record", str(take)) as live,
        contextlib.closing(client_of(live)) as osc,
    ):
        live.until(lambda: len(recorded(take)) > 1.5 * BAR, "a bar was not recorded")
        osc.send_message("/tsumami/loop/next", 1.0)
        live.until(lambda: has_ended_with(recorded(take), second, 2), "the next seed was not heard")
        summary = live.end(signal.SIGINT)
    sound = recorded(take)
    bars = range(0, len(sound) - BAR, BAR)
    heard = [(is_at(sound, begin, first), is_at(sound, begin, second)) for begin in bars]
    changed = heard.index((False, True))
    assert heard == [(True, False)] * changed + [(False, True)] * (len(heard) - changed)
    assert changed >= 1
    assert "JACK" in summary["device"]
    assert_nothing_left()


def has_ended_with(sound: Audio, loop: Audio, bars: int) -> bool:
    begins = range(0, len(sound) - BAR, BAR)[-bars:]
    return len(begins) == bars and all(is_at(sound, begin, loop) for begin in begins)


def test_bars_are_those_of_a_midi_clock(tmp_path: Path, jack_server: JackServer) -> None:
    """From the second bar on that the clock leads, one begins every 96 pulses; a change is one of them."""
    take, slower = tmp_path / "take.wav", 0.75 * BPM
    path = session_in(tmp_path, "midi")
    first, second = (loop_of(tmp_path, seed, slower) for seed in (1, 2))
    bar = len(first)
    with (
        running_live(str(path), "--no-demo", "--record", str(take)) as live,
        contextlib.closing(client_of(live)) as osc,
        keyboard(jack_server) as keys,
        clock(keys, slower),
    ):
        live.until(lambda: len(begins(recorded(take), first)) >= 4, "four bars of the clock were not heard")
        osc.send_message("/tsumami/loop/next", 1.0)
        live.until(lambda: len(begins(recorded(take), second)) >= 3, "the next seed was not heard")
        summary = live.end(signal.SIGINT)
    sound = recorded(take)
    before, after = begins(sound, first), begins(sound, second)
    lines = np.array([*before[-3:], *after])
    # While a busy machine lets JACK miss cycles, the clock goes on and less is recorded; in the session's own
    # tempo a bar would be 0.75 of this.
    assert np.median(np.diff(lines)) == pytest.approx(bar, rel=0.15)
    assert summary["tempo"]["source"] == "midi clock"
    assert summary["loop"]["bpm"] == pytest.approx(slower, rel=0.1)
    assert_nothing_left()


@contextlib.contextmanager
def clock(keys: Any, bpm: float) -> Iterator[None]:
    """A sequencer that has started."""
    stop = threading.Event()

    def run() -> None:
        begun = time.perf_counter()
        keys.send_message([Status.START])
        pulse = 0
        while not stop.wait(max(begun + pulse * 60.0 / bpm / PULSES_PER_BEAT - time.perf_counter(), 0.0)):
            keys.send_message([Status.CLOCK])
            pulse += 1

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def begins(sound: Audio, loop: Audio) -> list[int]:
    """Where a loop begins, by its first step after the crossfade of a change."""
    skipped, step = FADE, len(loop) // STEPS
    head = loop[skipped:step].astype(np.float64)
    if len(sound) < len(loop):
        return []
    size = 1 << int(np.ceil(np.log2(len(sound) + len(head))))
    products = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(head, size)), size)
    places = len(sound) - len(head) + 1
    powers = np.square(sound, dtype=np.float64).cumsum()
    window = powers[len(head) - 1 :] - np.concatenate([[0.0], powers[: places - 1]])
    alike = products[:places] / np.sqrt(np.maximum(window, 1e-12) * np.square(head).sum())
    near = np.flatnonzero(alike > _ALIKE)
    groups = np.split(near, np.flatnonzero(np.diff(near) > step) + 1)
    return [int(group[np.argmax(alike[group])]) - skipped for group in groups if len(group)]
