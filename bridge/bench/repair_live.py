"""How near the repair of a live input comes to what was lost, on music, block by block.

Between the blocks fits and plans are made in the turns of the thread beside a repair, counted in
blocks, as if it always came in time; and once as if no plan ever did.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.concealing import Audio, conceal, relative_db
from tsumami.bridge.bench.report import Row
from tsumami.bridge.bench.restoration import Protocol, bursts, read_clips, singly
from tsumami.engine.events import NO_EVENTS, Kind, event
from tsumami.engine.restoration.mix_model import NONE
from tsumami.engine.restoration.repair_stage import RepairStage
from tsumami.engine.restoration.repair_thread import FITS_A_PLAN
from tsumami.engine.stage import CHANNELS, run_stage

SAMPLE_RATE: Final = 48_000
BLOCK: Final = 128
PROTOCOLS: Final = (
    Protocol("48 kHz, 128, 5 %", SAMPLE_RATE, 128, singly),
    Protocol("48 kHz, 1024, bursts 10 %", SAMPLE_RATE, 1024, bursts),
)
_BLOCKS_A_FIT: Final = 2


class LiveRepair:
    """The stage with a mono stream, and its thread's work done between the blocks."""

    latency_samples = 0

    def __init__(self, model: str | None = None, *, is_planning: bool = True) -> None:
        self._stage = RepairStage(model)
        self._stage.prepare(SAMPLE_RATE, BLOCK)
        self._is_planning = is_planning
        self._blocks = self._fits = 0

    def process(self, block: Audio, is_lost: bool) -> Audio:
        """``[frames, 1]`` as it is played, in blocks of the device."""
        pieces = np.split(block, range(BLOCK, len(block), BLOCK))
        return np.concatenate([self._play(piece, is_lost) for piece in pieces])

    def _play(self, block: Audio, is_lost: bool) -> Audio:
        events = event(Kind.LOST, value=float(len(block)), time=0) if is_lost else NO_EVENTS
        played = run_stage(self._stage, len(block), events, np.repeat(block.T, CHANNELS, axis=0))
        self._blocks += 1
        if self._blocks % _BLOCKS_A_FIT == 0 and self._stage.fit():
            self._fits += 1
            if self._is_planning and self._fits % FITS_A_PLAN == 0:
                self._stage.plan()
        return played[:1].T


def live_rows(files: Sequence[Path]) -> Iterator[Row]:
    """Packet NMSE of live repair, beside that without a model, and without a plan."""
    clips = read_clips(files, SAMPLE_RATE)
    for protocol in track(PROTOCOLS, "repairing", console=Console(stderr=True)):
        made = {
            "": [LiveRepair() for _ in clips],
            "no model": [LiveRepair(NONE) for _ in clips],
            "weights always late": [LiveRepair(is_planning=False) for _ in clips],
        }
        found = {name: _errors(protocol, clips, repairs) for name, repairs in made.items()}
        what = f"live, {protocol.name}: packet NMSE"
        ours = found.pop("")
        yield Row(what, float(ours.mean()), "dB", "zero-fill", 0.0)
        for name, errors in found.items():
            yield Row(what, float(ours.mean()), "dB", name, float(errors.mean()))
            yield Row(f"{what} less {name}'s, worst clip", float((ours - errors).max()), "dB")


def _errors(
    protocol: Protocol, clips: Sequence[Audio], repairs: Sequence[LiveRepair]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    errors = []
    for seed, (clip, repair) in enumerate(zip(clips, repairs, strict=True)):
        lost = protocol.lost(len(clip) // protocol.packet, seed)
        truth = clip[: len(lost) * protocol.packet, 0]
        missing = np.repeat(lost, protocol.packet)
        played = conceal(clip, lost, repair, protocol.packet)
        errors.append(relative_db((played - truth)[missing], truth[missing]))
    return np.array(errors)
