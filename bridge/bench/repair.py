"""The repair of a live input: what a lost block costs the audio thread, and what is made beside it takes.

Every round a block of a chord is lost, in turns with a stage that only copies its input: what the copy takes
is the floor of the measurement. A gap begins with the lost block, so its past is laid out there too; the
block after it is mixed with the continuation. The chord was played before, so there is an echo as well.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.pass_through import PASS_THROUGH, pass_through
from tsumami.bridge.bench.priority import real_time_priority
from tsumami.bridge.bench.repair_live import live_rows
from tsumami.bridge.bench.report import Report, Row
from tsumami.bridge.bench.sounds import sounds_in
from tsumami.engine.clock import now_ns
from tsumami.engine.errors import SoundError
from tsumami.engine.events import Kind, event
from tsumami.engine.jit import kernel
from tsumami.engine.restoration.repair_stage import RepairStage
from tsumami.engine.restoration.similar import MEMORY_SECONDS
from tsumami.engine.stage import CHANNELS, call_stage, run_stage

SAMPLE_RATE, BLOCK = 48_000, 128
_BLOCK_NS = 1e9 * BLOCK / SAMPLE_RATE
_RANKS = (50.0, 99.0, 99.9)
_ROUNDS = 4000
_PLANS = 10
"""Rounds for each of which there is one plan."""
_ROUNDS_OF_A_PLAN = 20
"""Of blocks; a plan grows too old for more."""
_LOOP_BLOCKS = 200
_CASES = ("lost block", "block after it", "block without a loss")
Floats = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]


def run(rounds: int = _ROUNDS, data: Path | None = None) -> Report:
    """Load of blocks in percent, and milliseconds of fits and plans, each of ``rounds``.

    With a folder of music, also how near live repair comes to it. Raises `SoundError` where it has none.
    """
    files = [] if data is None else sounds_in(data)
    if data is not None and not files:
        raise SoundError(f"data must be a folder of music, got {data}; --data FOLDER")
    stage = RepairStage()
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
        rows += _duration_rows(
            f"fits of {channels} channel{'s' * (channels > 1)}", *_measure_fits(channels, rounds)
        )
    rows += _duration_rows("plan of a channel", *_measure_plans(rounds // _PLANS))
    rows += live_rows(files) if files else ()
    sizes = " and ".join(
        f"{order} to {context}" for order, context in zip(stage["orders"], stage["contexts"], strict=True)
    )
    note = (
        f"Orders fitted to samples: {sizes}; blocks of two channels and {BLOCK} frames at {SAMPLE_RATE} Hz "
        f"({_BLOCK_NS / 1e6:.2f} ms) on one core, called from compiled code with the priority of an audio "
        "thread where the system grants it. Own time leaves out when other programs had the core."
    )
    return Report("repair", rows, [note])


def _chord(frames: int, sides: tuple[int, ...]) -> Floats:
    """Twelve partials and a little noise, others for each of ``sides``, float32 ``[sides, frames]``."""
    times, rng = np.arange(frames) / SAMPLE_RATE, np.random.default_rng(0)
    hertz = np.outer((220.0, 277.2, 329.6), np.arange(1, 5)).ravel()[:, None]
    tones = [np.sin(2 * np.pi * hertz * times + side * hertz).sum(axis=0) / 24 for side in sides]
    return (np.array(tones) + rng.normal(0, 1e-3, (max(sides) + 1, frames))[list(sides)]).astype(np.float32)


def _loop(sides: tuple[int, ...], times: int) -> Floats:
    """A chord of `_LOOP_BLOCKS` that is played again and again."""
    return np.tile(_chord(_LOOP_BLOCKS * BLOCK, sides), times)


def _duration_rows(what: str, times: Times, own: Times) -> list[Row]:
    return [
        Row(f"{what}: {clock}, p{rank:g}", float(np.percentile(took, rank)), "ms")
        for clock, took in (("time", times), ("own time", own))
        for rank in _RANKS
    ]


def _measure_blocks(stage: RepairStage, rounds: int) -> npt.NDArray[np.float64]:
    """Percent of a block that each case and the copy took, ``[rounds, cases and the copy]``."""
    run_stage(stage, 2 * _LOOP_BLOCKS * BLOCK, audio=_loop((0, 1), 2))
    blocks = _loop((0, 1), 1).reshape(2, _LOOP_BLOCKS, BLOCK).swapaxes(0, 1).copy()
    output = np.empty((2, BLOCK), np.float32)
    lost = event(Kind.LOST, value=float(BLOCK), time=0)
    times = np.zeros((rounds, len(_CASES) + 1), np.int64)
    parts = np.array_split(times, -(-rounds // _ROUNDS_OF_A_PLAN))
    first = 0
    for part in track(parts, "blocks", console=Console(stderr=True)):
        stage.fit()
        for _ in range(CHANNELS):
            stage.plan()
        with real_time_priority():
            first = _time_blocks(
                stage.process_address,
                stage.state_address,
                pass_through.address,
                blocks,
                first,
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
    blocks: Floats,
    first: int,
    audio_out: int,
    lost: int,
    times: npt.NDArray[np.int64],
) -> int:
    """Nanoseconds of each case and of the copy, in turns, from block ``first`` on; returns the next one."""
    for row in times:
        for case in range(len(row)):
            is_repair = case < len(row) - 1
            block = blocks[first % len(blocks)]
            began = now_ns()  # pyright: ignore[reportCallIssue]
            call_stage(  # pyright: ignore[reportCallIssue]
                process if is_repair else copy,
                state,
                block.ctypes.data,
                audio_out,
                BLOCK,
                lost,
                1 if case == 0 else 0,
            )
            row[case] = now_ns() - began  # pyright: ignore[reportCallIssue]
            first += is_repair
    return first


def _measure_fits(channels: int, rounds: int) -> tuple[Times, Times]:
    """Milliseconds of all fits, and of their thread's own time; each has a new block to fit."""
    stage = RepairStage()
    stage.prepare(SAMPLE_RATE, BLOCK)
    sides = (0, 0) if channels == 1 else (0, 1)
    audio = _chord(BLOCK * rounds, sides)
    run_stage(stage, SAMPLE_RATE, audio=_chord(SAMPLE_RATE, sides))

    def fit(number: int) -> None:
        run_stage(stage, BLOCK, audio=audio[:, number * BLOCK : (number + 1) * BLOCK])

    return _timed("fits", rounds, fit, stage.fit)


def _measure_plans(rounds: int) -> tuple[Times, Times]:
    """The same of plans, with as much to search as is remembered."""
    stage = RepairStage()
    stage.prepare(SAMPLE_RATE, BLOCK)
    times = round(MEMORY_SECONDS * SAMPLE_RATE / (_LOOP_BLOCKS * BLOCK))
    run_stage(stage, times * _LOOP_BLOCKS * BLOCK, audio=_loop((0, 1), times))
    stage.fit()
    return _timed("plans", rounds, lambda _number: None, stage.plan)


def _timed(
    what: str, rounds: int, prepare: Callable[[int], None], work: Callable[[], object]
) -> tuple[Times, Times]:
    took = np.zeros((2, rounds))
    for number in track(range(rounds), what, console=Console(stderr=True)):
        prepare(number)
        began, own = time.perf_counter_ns(), time.thread_time_ns()
        work()
        took[:, number] = time.perf_counter_ns() - began, time.thread_time_ns() - own
    times, own_times = took * 1e-6
    return times, own_times
