"""`tsumami bench loops`: how long a loop takes to be made, and what another one costs at the bar line."""

import contextlib
import dataclasses
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.blocks import Playing, measure_blocks
from tsumami.bridge.bench.report import Report, Row
from tsumami.bridge.bench.timing import interleaved
from tsumami.bridge.session.overrides import overridden
from tsumami.bridge.session.session import load_session
from tsumami.bridge.session.setup import set_up
from tsumami.engine import DeviceRequest, EngineClient, Kind, event
from tsumami.engine.events import NO_EVENTS
from tsumami.engine.loops.assembly import loop_frames
from tsumami.engine.loops.controls import LoopControl, LoopSettings
from tsumami.engine.loops.generator import LoopGenerator
from tsumami.engine.loops.player import LoopPlayer
from tsumami.engine.loops.wishes import KINDS, LoopKind, Wish
from tsumami.engine.stage import run_stage

SAMPLE_RATE: Final = 48_000
BPM: Final = 120.0
"""At which a bar is two seconds."""
BLOCK: Final = 128
_ROUNDS: Final = 1000
_CHANGES: Final = 50
_SECONDS: Final = 60.0
_TURN_SECONDS: Final = 0.1
_FADE: Final = round(0.02 * SAMPLE_RATE)
_RANKS: Final = (50.0, 99.0)

Audio = npt.NDArray[np.float32]


def run(rounds: int = _ROUNDS, changes: int = _CHANGES, seconds: float = _SECONDS) -> Report:
    """Milliseconds a loop, steps at ``changes`` of each kind, and blocks missed in ``seconds`` on JACK."""
    rows = [*_making_rows(rounds)]
    for kind in KINDS:
        rows += _change_rows(kind, changes)
    blocks, is_realtime = measure_blocks(BLOCK, seconds, _play)
    notes = [
        "A loop is made on one thread: the model, the bars' assembly and the resampling to 48 kHz. The paper "
        "of loops has two seconds.",
        "A step is from a sample to the next. A click at a change would be a larger one than all of the two "
        "loops' own.",
        f"On JACK: {seconds:g} s of the built-in synthesizer with 8 voices and a loop player asked for "
        f"another seed every {_TURN_SECONDS:g} s, beside a compiled pass-through, with a busy Python thread "
        f"in the main process; JACK's threads {'with' if is_realtime else 'without'} real-time priority.",
    ]
    return Report("loops-live", [*rows, *blocks], notes)


def _making_rows(rounds: int) -> Iterator[Row]:
    generator, seeds = LoopGenerator(), itertools.count()

    def make(kind: LoopKind, bars: int) -> Callable[[], Audio]:
        wish = Wish(kind, BPM)
        return lambda: generator.loop(next(seeds), wish, bars=bars, sample_rate=SAMPLE_RATE)

    cases = {
        f"{kind}, {bars} bar{'s' * (bars > 1)} of 2 s": make(kind, bars) for kind in KINDS for bars in (1, 4)
    }
    for name, times in interleaved(cases, rounds, title="making").items():
        for rank in _RANKS:
            yield Row(f"{name}: made in, p{rank:g}", float(np.percentile(times, rank)) / 1e3, "ms")


def _change_rows(kind: LoopKind, changes: int) -> list[Row]:
    """The largest step about bar lines at which another loop begins, beside those within the loops."""
    player = LoopPlayer(LoopSettings(kind=kind, bpm=BPM, level_db=0.0))
    player.prepare(SAMPLE_RATE, BLOCK)
    bar = loop_frames(BPM, 1, SAMPLE_RATE)
    worst, astray = 0.0, 0
    for seed in track(range(2, changes + 2), f"changes of {kind}", console=Console(stderr=True)):
        before = player.playing
        own = max(_largest_step(before), 1e-9)
        run_stage(player, bar // 2, event(Kind.LOOP, LoopControl.SEED, seed, time=0))
        player.advance()
        heard = _played(player, bar)
        own = max(own, _largest_step(player.playing))
        line = bar - bar // 2
        worst = max(worst, _largest_step(heard[line - 1 : line + _FADE]) / own)
        astray += not np.array_equal(heard[:line], before[-line:])
        run_stage(player, line)
    return [
        Row(f"{kind}: largest step at a change, of {changes}", 100 * worst, "% of the loops' own"),
        Row(f"{kind}: changes that were not at the bar line", astray, ""),
    ]


def _played(player: LoopPlayer, frames: int) -> Audio:
    return np.concatenate(
        [run_stage(player, min(BLOCK, frames - begin), NO_EVENTS)[0] for begin in range(0, frames, BLOCK)]
    )


def _largest_step(sound: Audio) -> float:
    return float(np.abs(np.diff(sound)).max())


@contextlib.contextmanager
def _play(device: DeviceRequest) -> Iterator[Playing]:
    """The default session with drums, another seed every now and then."""
    session = overridden(load_session(None), loop={"kind": "drums"}, tempo={"bpm": 240.0})
    config = dataclasses.replace(set_up(session).config, device=device)
    client, stop = EngineClient(config, lambda _: None), threading.Event()

    def turn() -> None:
        for seed in itertools.count():
            if stop.wait(_TURN_SECONDS):
                return
            client.send(event(Kind.LOOP, LoopControl.SEED, seed))

    def counts() -> dict[str, int]:
        meters = client.memory.meters
        return {"loops made": int(meters["loops_made"]), "loops changed": int(meters["loop_changes"])}

    turning = threading.Thread(target=turn, daemon=True)
    try:
        client.launch()
        client.wait_ready()
        turning.start()
        yield Playing(client, counts)
    finally:
        stop.set()
        turning.join()
        client.close()
