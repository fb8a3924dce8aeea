"""The repair of a live input: what a lost block costs the audio thread, and a fit the thread beside it.

Every round a block of a chord is lost, in turns with a stage that only copies its input: what the copy takes
is the floor of the measurement. A gap begins with the lost block, so its past is laid out there too; the
block after it is mixed with the continuation.
"""

import time

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.pass_through import PASS_THROUGH, pass_through
from tsumami.bridge.bench.report import Report, Row
from tsumami.engine.clock import now_ns
from tsumami.engine.events import Kind, event
from tsumami.engine.jit import kernel
from tsumami.engine.restoration.repair_stage import RepairStage
from tsumami.engine.stage import call_stage, run_stage

SAMPLE_RATE, BLOCK = 48_000, 128
_BLOCK_NS = 1e9 * BLOCK / SAMPLE_RATE
_RANKS = (50.0, 99.0, 99.9)
_ROUNDS = 4000
_CASES = ("lost block", "block after it", "block without a loss")
Floats = npt.NDArray[np.float32]


def run(rounds: int = _ROUNDS, order: int | None = None) -> Report:
    """Load of blocks in percent, and milliseconds of fits, each of ``rounds``; of an order, or the usual."""
    stage = RepairStage(order)
    stage.prepare(SAMPLE_RATE, BLOCK)
    shares = _measure_blocks(stage, rounds)
    rows = [
        Row(
            f"{case}: load, p{rank:g}",
            float(np.percentile(shares[:, column], rank)),
            "% of block",
            PASS_THROUGH,
            float(np.percentile(shares[:, -1], rank)),
        )
        for column, case in enumerate(_CASES)
        for rank in _RANKS
    ]
    for channels in (1, 2):
        took = _measure_fits(channels, rounds, order)
        what = f"fit of {channels} channel{'s' * (channels > 1)}"
        rows += [
            Row(f"{what}: {clock}, p{rank:g}", float(np.percentile(took[:, column], rank)), "ms")
            for column, clock in enumerate(("time", "own time"))
            for rank in _RANKS
        ]
    note = (
        f"Order {stage['order']}, fitted to {stage['context']} samples; blocks of two channels and {BLOCK} "
        f"frames at {SAMPLE_RATE} Hz ({_BLOCK_NS / 1e6:.2f} ms) on one core, called from "
        "compiled code without real-time priority: the rare slow blocks are the machine's. A fit's own time "
        "leaves out when other programs had the core."
    )
    return Report("repair", rows, [note])


def _chord(frames: int, sides: tuple[int, ...]) -> Floats:
    """Twelve partials and a little noise, others for each of ``sides``, float32 ``[sides, frames]``."""
    times, rng = np.arange(frames) / SAMPLE_RATE, np.random.default_rng(0)
    hertz = np.outer((220.0, 277.2, 329.6), np.arange(1, 5)).ravel()[:, None]
    tones = [np.sin(2 * np.pi * hertz * times + side * hertz).sum(axis=0) / 24 for side in sides]
    return (np.array(tones) + rng.normal(0, 1e-3, (max(sides) + 1, frames))[list(sides)]).astype(np.float32)


def _measure_blocks(stage: RepairStage, rounds: int) -> npt.NDArray[np.float64]:
    """Percent of a block that each case and the copy took, ``[rounds, cases and the copy]``."""
    audio = _chord(SAMPLE_RATE, (0, 1))
    run_stage(stage, SAMPLE_RATE, audio=audio)
    stage.fit()
    block, output = np.ascontiguousarray(audio[:, :BLOCK]), np.empty((2, BLOCK), np.float32)
    lost = event(Kind.LOST, value=float(BLOCK), time=0)
    times = np.zeros((rounds, len(_CASES) + 1), np.int64)
    for part in track(np.array_split(times, 20), "blocks", console=Console(stderr=True)):
        _time_blocks(
            stage.process_address,
            stage.state_address,
            pass_through.address,
            block.ctypes.data,
            output.ctypes.data,
            lost.ctypes.data,
            part,
        )
    return times.astype(np.float64) * np.float64(100.0 / _BLOCK_NS)


@kernel
def _time_blocks(
    process: int,
    state: int,
    copy: int,
    audio_in: int,
    audio_out: int,
    lost: int,
    times: npt.NDArray[np.int64],
) -> None:
    """Nanoseconds of each case and of the copy, in turns."""
    for block in times:
        for case in range(len(block)):
            used = process if case < len(block) - 1 else copy
            began = now_ns()  # pyright: ignore[reportCallIssue]
            call_stage(  # pyright: ignore[reportCallIssue]
                used, state, audio_in, audio_out, BLOCK, lost, 1 if case == 0 else 0
            )
            block[case] = now_ns() - began  # pyright: ignore[reportCallIssue]


def _measure_fits(channels: int, rounds: int, order: int | None) -> npt.NDArray[np.float64]:
    """Milliseconds of a fit, and of its thread's own time, ``[rounds, 2]``; each has a new block to fit."""
    stage = RepairStage(order)
    stage.prepare(SAMPLE_RATE, BLOCK)
    audio = _chord(BLOCK * rounds, (0, 0) if channels == 1 else (0, 1))
    run_stage(stage, SAMPLE_RATE, audio=_chord(SAMPLE_RATE, (0, 0) if channels == 1 else (0, 1)))
    took = np.zeros((rounds, 2))
    for number in track(range(rounds), "fits", console=Console(stderr=True)):
        run_stage(stage, BLOCK, audio=audio[:, number * BLOCK : (number + 1) * BLOCK])
        began, own = time.perf_counter_ns(), time.thread_time_ns()
        stage.fit()
        took[number] = time.perf_counter_ns() - began, time.thread_time_ns() - own
    return took * 1e-6
