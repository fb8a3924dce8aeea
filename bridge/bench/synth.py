"""The built-in synthesizer: how fast it renders, and how much of an audio block it takes.

Every case plays held notes in blocks of 128 frames at 48 kHz from compiled code, as the audio thread does,
in turns with a stage that only copies its input: what the copy takes is the floor of the measurement.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.pass_through import PASS_THROUGH, pass_through
from tsumami.bridge.bench.report import Report, Row
from tsumami.engine.clock import now_ns
from tsumami.engine.events import Kind, event
from tsumami.engine.jit import kernel
from tsumami.engine.stage import CHANNELS, call_stage, run_stage
from tsumami.plugins import BuiltinSynth, positions_of

SAMPLE_RATE, BLOCK = 48_000, 128
_BLOCK_NS = 1e9 * BLOCK / SAMPLE_RATE
_CHUNKS = 20
_CHORD = (36, 43, 48, 52, 55, 60, 64, 67)


@dataclass(frozen=True, slots=True)
class Case:
    """So many held voices of a patch; settings are in the parameters' units."""

    name: str
    voices: int
    settings: Mapping[str, float | str] = field(default_factory=dict)


CASES = (
    Case("one voice", 1),
    Case("8 voices", 8),
    Case(
        "8 voices, 4 copies, all effects",
        8,
        {"unison": "4", "detune": 20.0, "chorus": 0.5, "reverb_mix": 0.4},
    ),
)


@kernel
def _time_blocks(
    process: int, state: int, copy: int, audio_in: int, audio_out: int, times: npt.NDArray[np.int64]
) -> None:
    """Nanoseconds of the stage and of the copy, int64 ``[blocks, 2]``, in turns."""
    for block in range(len(times)):
        began = now_ns()  # pyright: ignore[reportCallIssue]
        call_stage(process, state, audio_in, audio_out, BLOCK, 0, 0)  # pyright: ignore[reportCallIssue]
        between = now_ns()  # pyright: ignore[reportCallIssue]
        call_stage(copy, state, audio_in, audio_out, BLOCK, 0, 0)  # pyright: ignore[reportCallIssue]
        times[block, 0] = between - began
        times[block, 1] = now_ns() - between  # pyright: ignore[reportCallIssue]


def _measure(case: Case, seconds: float) -> npt.NDArray[np.float64]:
    """Share of a block that the synthesizer and the copy took, in percent ``[blocks, 2]``."""
    synth = BuiltinSynth()
    synth.prepare(SAMPLE_RATE, BLOCK)
    synth.set_parameters(positions_of({"amp_sustain": 1.0, **case.settings}))
    keys = [event(Kind.NOTE_ON, note, 0.8, time=0) for note in _CHORD[: case.voices]]
    run_stage(synth, SAMPLE_RATE, np.concatenate(keys))
    audio_in = np.zeros((CHANNELS, BLOCK), np.float32)
    audio_out = np.zeros_like(audio_in)
    times = np.zeros((round(seconds * SAMPLE_RATE / BLOCK), 2), np.int64)
    for part in track(np.array_split(times, _CHUNKS), case.name, console=Console(stderr=True)):
        _time_blocks(
            synth.process_address,
            synth.state_address,
            pass_through.address,
            audio_in.ctypes.data,
            audio_out.ctypes.data,
            part,
        )
    return times.astype(np.float64) * np.float64(100.0 / _BLOCK_NS)


def _rows(case: Case, shares: npt.NDArray[np.float64]) -> list[Row]:
    """Speed and load of one case."""
    rows = [Row(f"{case.name}: speed", 100.0 / float(np.median(shares[:, 0])), "× real time")]
    own, floor = (float(mean) for mean in shares.mean(axis=0))
    rows.append(Row(f"{case.name}: load, mean", own, "% of block", PASS_THROUGH, floor))
    for percentile in (50.0, 99.0, 99.9):
        own, floor = (float(np.percentile(column, percentile)) for column in shares.T)
        rows.append(Row(f"{case.name}: load, p{percentile:g}", own, "% of block", PASS_THROUGH, floor))
    return rows


def run(seconds: float = 60.0) -> Report:
    """Speed, and load at p50, p99 and p99.9, of ``seconds`` of sound in each case."""
    rows = [row for case in CASES for row in _rows(case, _measure(case, seconds))]
    note = (
        f"Blocks of {BLOCK} frames at {SAMPLE_RATE} Hz ({_BLOCK_NS / 1e6:.2f} ms) on one core, called from "
        "compiled code without real-time priority: the rare slow blocks are the machine's. "
        "Speed is that of the median block."
    )
    return Report("synth", rows, [note])
