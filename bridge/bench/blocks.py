"""Missed blocks and load of the engine on JACK, beside a compiled pass-through on the same server."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.jack_server import SAMPLE_RATE, Passthrough, jack_server
from tsumami.bridge.bench.playing import playing_engine
from tsumami.bridge.bench.report import Row
from tsumami.engine import DeviceRequest, EngineClient, Kind, event
from tsumami.engine.meter_block import STAGES
from tsumami.engine.meters import percentiles

_CHORD = (36, 43, 48, 52, 55, 60, 64, 67)
_STRIKE_SECONDS = 2.0
_RANKS = (50.0, 99.0, 99.9)
_PEER = "C pass-through"


Counts = dict[str, int]
"""What has been counted so far, by what the rows shall call it."""


@dataclass(frozen=True, slots=True)
class Playing:
    """An engine to be measured, and what is to be counted beside its blocks."""

    client: EngineClient
    counts: Callable[[], Counts] = dict


Play = Callable[[DeviceRequest], AbstractContextManager[Playing]]
"""Plays on a device for the time of the block."""


@contextlib.contextmanager
def play_builtin(device: DeviceRequest, block_size: int) -> Iterator[Playing]:
    """A pad of the built-in synthesizer, with a busy Python thread in the engine process."""
    with playing_engine(device, block_size, stress=True, category="pad") as (client, _, _):
        yield Playing(client)


def measure_blocks(block_size: int, seconds: float, play: Play) -> tuple[list[Row], bool]:
    """Rows for one block size, and whether JACK ran with real-time priority."""
    stop = threading.Event()
    with (
        jack_server(block_size) as realtime,
        Passthrough.running() as passthrough,
        play(DeviceRequest(api="JACK")) as playing,
    ):
        client = playing.client
        busy = threading.Thread(target=_spin, args=(stop,), daemon=True)
        busy.start()
        _strike(client)
        time.sleep(1.0)  # the voices of the chord have all begun
        before, others_before = _counts(client), playing.counts()
        passthrough.restart()
        steps = range(round(seconds / _STRIKE_SECONDS))
        for _ in track(steps, f"{block_size} frames", console=Console(stderr=True)):
            time.sleep(_STRIKE_SECONDS)
            _strike(client)
        ours, theirs = _counts(client), passthrough.stop()
        others = playing.counts()
        stop.set()
        busy.join()
        load = np.array(client.memory.meters["load"])
    missed = {name: ours[name] - before[name] for name in ours}
    rows = _rows(block_size, missed, theirs, load)
    rows += [
        Row(f"{block_size} frames: {name}", count - others_before[name], "") for name, count in others.items()
    ]
    return rows, realtime


def _rows(block_size: int, ours: Counts, theirs: dict[str, int], load: np.ndarray) -> list[Row]:
    name = f"{block_size} frames: "
    ratio = (theirs["lost_periods"] + 1) / (ours["lost_periods"] + 1)
    rows = [
        Row(name + "blocks", ours["blocks"], "", _PEER, theirs["blocks"]),
        Row(name + "lost periods", ours["lost_periods"], "", _PEER, theirs["lost_periods"], ratio),
        Row(name + "xruns reported by the device", ours["missed"], "", _PEER, theirs["xruns"]),
        Row(name + "blocks that took longer than they last", ours["overruns"], ""),
    ]
    for stage, histogram in zip(STAGES, load, strict=True):
        rows += load_rows(f"load of {stage}", histogram, block_size)
    return rows


def load_rows(what: str, histogram: np.ndarray, block_size: int) -> list[Row]:
    """Percentiles of a histogram of nanoseconds, in percent of a block."""
    block_ns = block_size / SAMPLE_RATE * 1e9
    return [
        Row(f"{block_size} frames: {what}, p{rank:g}", value / block_ns * 100, "% of a block")
        for rank, value in zip(_RANKS, percentiles(histogram, _RANKS), strict=True)
    ]


def _counts(client: EngineClient) -> Counts:
    return {
        field: int(client.memory.meters[field]) for field in ("blocks", "lost_periods", "missed", "overruns")
    }


def _strike(client: EngineClient) -> None:
    """Release the chord and hold it anew: eight voices sound, up to sixteen while the old ones fade."""
    client.send(np.concatenate([event(Kind.NOTE_OFF, note) for note in _CHORD]))
    client.send(np.concatenate([event(Kind.NOTE_ON, note, 0.8) for note in _CHORD]))


def _spin(stop: threading.Event) -> None:
    """A busy Python thread of the main process."""
    sys.setswitchinterval(0.005)
    while not stop.is_set():
        pass
