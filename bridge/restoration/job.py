"""What `tsumami restore` was asked for, checked, done and drawn."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tsumami.bridge.restoration.found import FoundRepair, OnProgress, kinds_of, restore_found
from tsumami.bridge.restoration.picture import Mark, draw_repairs
from tsumami.bridge.restoration.restore import Repair, restore_file
from tsumami.bridge.restoration.trace import Lost, read_trace, runs_of
from tsumami.engine.errors import ParameterError
from tsumami.engine.restoration.detection import USUAL
from tsumami.engine.restoration.mix_model import chosen_mixer
from tsumami.plugins.match.picture import check_drawing
from tsumami.plugins.presets.formats import check_unused, write_file

_PACKET: Final = 512


@dataclass(frozen=True, slots=True)
class Job:
    """The options of the command, as they were given."""

    sound: Path
    out: Path
    trace: Path | None = None
    packet: int | None = None
    detect: str | None = None
    lookahead_ms: float | None = None
    model: str | None = None
    plot: Path | None = None
    overwrite: bool = False


def restore_by(job: Job, on_progress: OnProgress = lambda _what, _share: None) -> Repair | FoundRepair:
    """Repair a file as a job says, and draw it. Nothing is written where something is wrong with the job."""
    if job.plot is not None:
        check_drawing()
        check_unused(job.plot, overwrite=job.overwrite)
    if job.trace is not None:
        return _by_trace(job, job.trace, on_progress)
    if job.packet is not None:
        raise ParameterError("packet must be left out without --trace: what is found has any length")
    kinds = USUAL if job.detect is None else kinds_of(job.detect)
    repair = restore_found(
        job.sound,
        job.out,
        kinds,
        lookahead_ms=job.lookahead_ms,
        mixer=chosen_mixer(job.model),
        overwrite=job.overwrite,
        on_progress=on_progress,
    )
    _draw(job, [Mark(one.begin, one.end, one.kind.value, one.channel or 0) for one in repair.found])
    return repair


def _by_trace(job: Job, trace: Path, on_progress: OnProgress) -> Repair:
    if job.detect is not None:
        raise ParameterError(
            f"detect must be left out with --trace, got {job.detect!r}: it says what was lost"
        )
    lost, packet = read_trace(trace), job.packet or _PACKET
    repair = restore_file(
        job.sound,
        job.out,
        lost,
        packet,
        lookahead_ms=job.lookahead_ms or 0.0,
        mixer=chosen_mixer(job.model),
        overwrite=job.overwrite,
        on_progress=lambda done, of: on_progress("repairing", done / of),
    )
    _draw(job, _marks_of(lost, packet))
    return repair


def _marks_of(lost: Lost, packet: int) -> list[Mark]:
    return [Mark(begin, end, "lost", 0) for begin, end in (packet * runs_of(lost)).tolist()]


def _draw(job: Job, marks: list[Mark]) -> None:
    if job.plot is not None:
        write_file(job.plot, draw_repairs(job.sound, job.out, marks), overwrite=job.overwrite)
