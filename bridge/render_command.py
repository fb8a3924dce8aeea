"""The work of `tsumami render`: finds its input, shows progress, reports the speed."""

import json as json_module
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tsumami.bridge.control_log import read_control_log
from tsumami.bridge.mapping import compile_mapping
from tsumami.bridge.overrides import overridden
from tsumami.bridge.performance import read_midi_file
from tsumami.bridge.render import Take, render_log, render_performance, write_wav
from tsumami.bridge.session import load_session
from tsumami.bridge.session_tables import MACRO_NAMES
from tsumami.bridge.setup import Setup, set_up
from tsumami.engine.errors import SessionError
from tsumami.plugins import PARAMETERS

_Blocks = Iterator[npt.NDArray[np.float32]]


def run_render(
    output: Path | None,
    *,
    session: Path | None,
    midi: Path | None,
    log: Path | None,
    patch: str | None,
    json: bool,
) -> None:
    """Render ``midi`` or ``log`` (exactly one) to ``output``."""
    if output is None:
        raise SessionError("output must be given, such as take.wav, got none")
    if (midi is None) == (log is None):
        raise SessionError("input must be one of --midi FILE.mid and --log FILE, got both or neither")
    if log is not None:
        setup, take = _from_log(log, session, patch)
        blocks = render_log(setup, take)
    else:
        assert midi is not None
        setup, take = _from_midi(midi, session, patch)
        blocks = render_performance(setup, take)
    began = time.perf_counter()
    _write(output, blocks, setup.sample_rate, take.end)
    report_take(output, take.end / setup.sample_rate, time.perf_counter() - began, json=json)


def _from_log(path: Path, session: Path | None, patch: str | None) -> tuple[Setup, Take]:
    log = read_control_log(path, parameters=[parameter.name for parameter in PARAMETERS])
    if not log.is_complete:
        print(f"tsumami: {path} has no end (the session crashed); rendering what it has", file=sys.stderr)
    chosen = load_session(session) if session is not None else log.header.session
    chosen = overridden(
        chosen,
        device={"sample_rate": log.header.sample_rate, "block_size": log.header.block_size},
        instrument={"patch": patch or log.header.patch},
    )
    return set_up(chosen, session), Take(log.events, log.end)


def _from_midi(path: Path, session: Path | None, patch: str | None) -> tuple[Setup, Take]:
    setup = set_up(overridden(load_session(session), instrument={"patch": patch}), session)
    parameters = [parameter.name for parameter in setup.parameters]
    mapping = compile_mapping(setup.session, macros=MACRO_NAMES, parameters=parameters)
    performance = read_midi_file(path, mapping, setup.sample_rate)
    return setup, Take(performance.events, performance.end)


def _write(output: Path, blocks: _Blocks, sample_rate: int, frames: int) -> None:
    columns = (
        TextColumn("rendering"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("render", total=frames)
        write_wav(output, blocks, sample_rate, lambda done: bar.advance(task, done))


def report_take(output: Path, seconds: float, took: float, *, json: bool) -> None:
    """Say what was written and how fast, for people or as one JSON document."""
    facts = {
        "output": str(output),
        "seconds": round(seconds, 3),
        "took_seconds": round(took, 3),
        "times_real_time": round(seconds / took, 1),
    }
    if json:
        print(json_module.dumps(facts))
    else:
        print("{output}: {seconds} s in {took_seconds} s, {times_real_time} x real time".format(**facts))
