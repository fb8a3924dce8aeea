"""The work of `tsumami render --plugin` and `--builtin`: options in, a progress bar, a data set out."""

import json as json_module
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from tsumami.bridge.render.command import report_take
from tsumami.bridge.render.dataset_report import print_report, save_report
from tsumami.engine.errors import SessionError
from tsumami.plugins.builtin.bank import BANK_PATH
from tsumami.plugins.offline import RenderReport, RenderSettings, render_preset, render_presets
from tsumami.plugins.offline.data_set import explained
from tsumami.plugins.offline.wav import wav_bytes, write_beside

_BUILTIN: Final = "builtin"
_PERFORMANCE: Final = {"sample_rate": 48_000, "channels": 2}
"""Defaults for a single WAV file, which is for listening."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What the command line was given; None where it was not."""

    plugin: Path | None
    builtin: bool
    presets: Sequence[Path]
    output: str | None
    midi: Path | None
    live_only: Mapping[str, object]
    """Options of the live strip, which say nothing here."""
    settings: Mapping[str, Any]
    workers: int | None
    cluster: str | None
    report: Path | None
    json: bool


def run_render_dataset(options: RenderOptions) -> None:
    """Render presets to a data set, or one of them to a WAV file."""
    _check(options)
    assert options.output is not None
    if options.output.lower().endswith(".wav"):
        _render_one(options, options.output)
        return
    presets = options.presets or [BANK_PATH]
    with _Bar() as bar:
        report = render_presets(
            options.plugin or _BUILTIN,
            presets,
            options.output,
            settings=_settings(options, {}),
            workers=options.workers,
            cluster=options.cluster,
            progress=bar.show,
        )
    _tell(report, options)


def _render_one(options: RenderOptions, output: str) -> None:
    if len(options.presets) > 1:
        raise SessionError(f"output must end with .zarr or be a folder for many presets, got {output}")
    settings = _settings(options, _PERFORMANCE)
    began = time.perf_counter()
    preset = options.presets[0] if options.presets else None
    audio = render_preset(options.plugin or _BUILTIN, preset, settings=settings)
    with explained(output):
        write_beside(Path(output), wav_bytes(audio, settings.sample_rate))
    report_take(
        Path(output),
        audio.shape[-1] / settings.sample_rate,
        time.perf_counter() - began,
        json=options.json,
    )


def _check(options: RenderOptions) -> None:
    if options.plugin is not None and options.builtin:
        raise SessionError("instrument must be one of --plugin PATH and --builtin, got both")
    for name, value in options.live_only.items():
        if value is not None:
            raise SessionError(
                f"--{name} must stand without --plugin and --builtin, got {value}; leave it out"
            )
    if options.output is None:
        raise SessionError("output must be given, such as --out sounds.zarr, got none")
    if not options.presets and not options.builtin and not options.output.lower().endswith(".wav"):
        raise SessionError("presets must be given, such as --presets FOLDER, got none")


def _settings(options: RenderOptions, defaults: Mapping[str, Any]) -> RenderSettings:
    given = {name: value for name, value in options.settings.items() if value is not None}
    if options.midi is not None:
        defaults = {**defaults, "length_seconds": 0.0, "midi": _read(options.midi)}
    return RenderSettings(**{**defaults, **given})


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SessionError(f"MIDI file must be readable, got {path} ({error.strerror})") from error


def _tell(report: RenderReport, options: RenderOptions) -> None:
    if options.report is not None:
        save_report(report, options.report)
    if options.json:
        print(json_module.dumps(report.document()))
    else:
        print_report(report)


class _Rate(ProgressColumn):
    """Patches in a second."""

    def render(self, task: Task) -> Text:
        """The rate as far as it is known."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f}/s")


class _Bar:
    """Progress on standard error, with rate and time left; patches that an earlier run did do not count."""

    def __init__(self) -> None:
        columns = (TextColumn("rendering"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, done: int, total: int) -> None:
        """Move to ``done`` of ``total``."""
        if self._task is None:
            self._task = self._progress.add_task("render", total=total, completed=done)
        self._progress.update(self._task, completed=done)
