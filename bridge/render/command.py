"""The work of `tsumami render`: finds its input, shows progress, reports the speed."""

import contextlib
import json as json_module
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tsumami.bridge.control_log import read_control_log
from tsumami.bridge.performance import read_midi_file
from tsumami.bridge.render.render import Block, Take, render_log, render_performance, write_wav
from tsumami.bridge.session.overrides import overridden
from tsumami.bridge.session.programs import PresetPrograms
from tsumami.bridge.session.rack import Rack
from tsumami.bridge.session.session import load_session
from tsumami.bridge.session.setup import Setup, set_up
from tsumami.bridge.session.tables import Session
from tsumami.engine.errors import SessionError

_PATIENCE_SECONDS = 30.0
"""How long a plugin may take for one block offline before it counts as hung."""

_Blocks = Iterator[Block]


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
    with contextlib.ExitStack() as stack:
        if log is not None:
            offline, take = _from_log(stack, log, session, patch)
            blocks = render_log(offline.setup, take, offline.programs)
        else:
            assert midi is not None
            offline, take = _from_midi(stack, midi, session, patch)
            blocks = render_performance(offline.setup, take, offline.programs)
        setup = offline.setup
        began = time.perf_counter()
        _write(output, blocks, setup.sample_rate, take.end)
    report_take(output, take.end / setup.sample_rate, time.perf_counter() - began, json=json)


@dataclass(frozen=True, slots=True)
class _Offline:
    """A session ready to be rendered, and what program changes choose from where it has a plugin."""

    setup: Setup
    programs: PresetPrograms | None


def _ready(stack: contextlib.ExitStack, session: Session, path: Path | None) -> _Offline:
    """Load the session's plugins for the time of ``stack``, and look its names up."""
    if session.instrument.kind == "external":
        raise SessionError(
            "instrument.kind must be builtin or plugin to be rendered, got external; record that synthesizer "
            "itself"
        )
    rack = Rack(session, _warn, patience_seconds=_PATIENCE_SECONDS)
    stack.callback(rack.close)
    setup = set_up(session, path, rack=rack)
    for sentence in filter(None, (*setup.left_out, setup.note)):
        _warn(sentence)
    if setup.config.settings.input is not None:
        _warn("what came in by the session's input is not kept: it is rendered without")
    plugin = rack.instrument
    return _Offline(setup, None if plugin is None else PresetPrograms(plugin, setup.presets, waits=True))


def _from_log(
    stack: contextlib.ExitStack, path: Path, session: Path | None, patch: str | None
) -> tuple[_Offline, Take]:
    log = read_control_log(path)
    if not log.is_complete:
        _warn(f"{path} has no end (the session crashed); rendering what it has")
    chosen = load_session(session, _warn) if session is not None else log.header.session
    is_plugin = chosen.instrument.kind == "plugin"
    chosen = overridden(
        chosen,
        device={"sample_rate": log.header.sample_rate, "block_size": log.header.block_size},
        instrument={"patch": patch if is_plugin else patch or log.header.patch},
    )
    offline = _ready(stack, chosen, session)
    names = [parameter.name for parameter in offline.setup.parameters]
    if names != log.header.parameters:
        log = read_control_log(path, parameters=names)
    return offline, Take(log.events, log.end)


def _from_midi(
    stack: contextlib.ExitStack, path: Path, session: Path | None, patch: str | None
) -> tuple[_Offline, Take]:
    chosen = overridden(load_session(session, _warn), instrument={"patch": patch})
    offline = _ready(stack, chosen, session)
    setup = offline.setup
    performance = read_midi_file(path, setup.mapping(setup.macros), setup.sample_rate)
    return offline, Take(performance.events, performance.end)


def _warn(text: str) -> None:
    print(f"tsumami: {text}", file=sys.stderr)


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
