"""Missed blocks and load of the engine on JACK, beside a compiled pass-through on the same server."""

import sys
import threading
import time

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


def measure_blocks(block_size: int, seconds: float) -> tuple[list[Row], bool]:
    """Rows for one block size, and whether JACK ran with real-time priority."""
    stop = threading.Event()
    with jack_server(block_size) as realtime, Passthrough.running() as passthrough:
        request = DeviceRequest(api="JACK")
        with playing_engine(request, block_size, stress=True, category="pad") as (client, _, _):
            busy = threading.Thread(target=_spin, args=(stop,), daemon=True)
            busy.start()
            _strike(client)
            time.sleep(1.0)  # the voices of the chord have all begun
            before = _counts(client)
            passthrough.restart()
            steps = range(round(seconds / _STRIKE_SECONDS))
            for _ in track(steps, f"{block_size} frames", console=Console(stderr=True)):
                time.sleep(_STRIKE_SECONDS)
                _strike(client)
            ours, theirs = _counts(client), passthrough.stop()
            stop.set()
            busy.join()
            load = np.array(client.memory.meters["load"])
    missed = {name: ours[name] - before[name] for name in ours}
    return _rows(block_size, missed, theirs, load), realtime


def _rows(block_size: int, ours: dict[str, int], theirs: dict[str, int], load: np.ndarray) -> list[Row]:
    name = f"{block_size} frames: "
    ratio = (theirs["lost_periods"] + 1) / (ours["lost_periods"] + 1)
    rows = [
        Row(name + "blocks", ours["blocks"], "", _PEER, theirs["blocks"]),
        Row(name + "lost periods", ours["lost_periods"], "", _PEER, theirs["lost_periods"], ratio),
        Row(name + "xruns reported by the device", ours["missed"], "", _PEER, theirs["xruns"]),
        Row(name + "blocks that took longer than they last", ours["overruns"], ""),
    ]
    block_ns = block_size / SAMPLE_RATE * 1e9
    for stage, histogram in zip(STAGES, load, strict=True):
        for rank, value in zip(_RANKS, percentiles(histogram, _RANKS), strict=True):
            rows.append(Row(f"{name}load of {stage}, p{rank:g}", value / block_ns * 100, "% of a block"))
    return rows


def _counts(client: EngineClient) -> dict[str, int]:
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
