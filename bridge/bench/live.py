"""`tsumami bench live`: the running engine on a JACK server, under load, beside a compiled client."""

import functools
from collections.abc import Sequence

from tsumami.bridge.bench.blocks import measure_blocks, play_builtin
from tsumami.bridge.bench.footprint import measure_footprint
from tsumami.bridge.bench.latency import measure_latency
from tsumami.bridge.bench.report import Report, Row

_SECONDS = 60.0
_BLOCK_SIZES = (128, 64)
_MOVES = 1000
_MINUTES = 10.0


def run(
    seconds: float = _SECONDS,
    block_sizes: Sequence[int] = _BLOCK_SIZES,
    moves: int = _MOVES,
    minutes: float = _MINUTES,
) -> Report:
    """Missed blocks and load per block size, latency over ``moves`` knob moves, memory over ``minutes``."""
    rows: list[Row] = []
    notes: list[str] = [
        "Lost periods are block periods that passed without a callback beginning, counted alike in the "
        "engine and in the C client (bridge/bench/passthrough.c), which ran at the same time on the same "
        "server; a busy Python thread ran in the main process and in the engine process.",
    ]
    for block_size in block_sizes:
        play = functools.partial(play_builtin, block_size=block_size)
        measured, realtime = measure_blocks(block_size, seconds, play)
        rows += measured
        notes.append(
            f"{block_size} frames: {seconds:g} s with 8 voices held, "
            f"JACK's threads {'with' if realtime else 'without'} real-time priority."
        )
    measured, note = measure_latency(moves, block_sizes[0])
    rows += measured
    notes.append(note)
    rows += measure_footprint(minutes)
    return Report("live", rows, notes)
