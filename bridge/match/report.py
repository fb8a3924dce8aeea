"""What `tsumami match` tells: what to mind of the sound, how the search goes, what came of it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from tsumami.engine.inference.contract import Contract
from tsumami.plugins.match.matching import PREDICTION, Heard, Match
from tsumami.plugins.match.mel import BANDS
from tsumami.plugins.match.picture import Panel, draw_match
from tsumami.plugins.match.pitch import note_of
from tsumami.plugins.match.player import PatchPlayer, Values
from tsumami.plugins.match.search import SILENT
from tsumami.plugins.match.sound import HeardSound
from tsumami.plugins.offline import RenderSettings

_NAMES: Final = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_OCTAVE: Final = 12
_HIGHEST_NOTE: Final = 127


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found, and the preset as it is written, played anew."""

    preset: Path
    player: PatchPlayer
    contract: Contract
    sound: HeardSound
    found: Match
    written: Heard
    hints: tuple[str, ...]


def hints_of(sound: HeardSound, settings: RenderSettings, *, is_chosen: bool) -> tuple[str, ...]:
    """What to mind of a sound, a sentence each; ``is_chosen`` when the user has chosen the note."""
    return tuple(_hints(sound, settings, is_chosen))


def _hints(sound: HeardSound, settings: RenderSettings, is_chosen: bool) -> Iterator[str]:
    if sound.bands < BANDS:
        yield (
            f"sound has {sound.file_rate_hz} samples a second: nothing above "
            f"{sound.file_rate_hz / 2000:g} kHz is heard or compared"
        )
    hz = sound.pitch_hz
    if hz is None or is_chosen:
        return
    note = min(max(round(note_of(hz)), 0), _HIGHEST_NOTE)
    if note != settings.note:
        yield (
            f"sound has the pitch of {_named(note)} ({hz:.0f} Hz), but is matched by "
            f"{_named(settings.note)}, the note of the model; --note {note} plays the same note"
        )


def _named(note: int) -> str:
    return f"note {note}, {_NAMES[note % _OCTAVE]}{note // _OCTAVE - 1}"


def line_of(outcome: Outcome) -> str:
    """One line for people: distances before and after, and what it took."""
    found = outcome.found
    parts = [f"{outcome.preset}: predicted {_distances(found.prediction)}"]
    if found.start != PREDICTION:
        parts.append(f"begun from the preset {found.start!r}")
    if found.renders > 1:
        parts.append(
            f"found {_distances(outcome.written)} in {found.seconds:.1f} s ({found.renders:,} patches played)"
        )
    if not found.is_whole:
        parts.append("stopped")
    return ", ".join(parts)


def _distances(heard: Heard) -> str:
    return "silence" if heard.is_silent else f"SC {heard.sc:.3f} (LSD {heard.lsd_db:.1f} dB)"


def document_of(outcome: Outcome) -> dict[str, Any]:
    """The same and more, as JSON can say it; of silence the distances are None."""
    found, written, settings = outcome.found, outcome.written, outcome.player.settings
    before, after = (
        {"sc": None, "lsd_db": None} if one.is_silent else {"sc": one.sc, "lsd_db": one.lsd_db}
        for one in (found.prediction, written)
    )
    return {
        "preset": str(outcome.preset),
        "instrument": outcome.player.instrument.name,
        "model": outcome.contract.name,
        "note": settings.note,
        "velocity": settings.velocity,
        "hold_seconds": settings.hold_seconds,
        "onset_seconds": round(outcome.sound.onset_seconds, 4),
        "pitch_hz": outcome.sound.pitch_hz and round(outcome.sound.pitch_hz, 2),
        "predicted": before,
        "found": after,
        "begun_from": found.start,
        "renders": found.renders,
        "seconds": round(found.seconds, 2),
        "interrupted": not found.is_whole,
        "parameters": dict(zip(_names(outcome), map(float, _positions(outcome, written)), strict=True)),
        "hints": list(outcome.hints),
    }


def picture_of(title: str, outcome: Outcome) -> bytes:
    """A PNG of the sound, of what was predicted and, where that is something else, of what was found."""
    prediction, written = outcome.found.prediction, outcome.written
    heard = [("predicted", prediction)]
    if outcome.found.renders > 1:
        heard.append(("found", written))
    panels = [Panel(title, "", outcome.sound.mel)]
    panels += [Panel(name, _distances(one), one.mel) for name, one in heard]
    positions = (_positions(outcome, one) for one in (written, prediction))
    return draw_match(panels, _names(outcome), *positions)


def _names(outcome: Outcome) -> list[str]:
    """Of the parameters that the model sets."""
    return [outcome.player.ready.parameters[row] for row in outcome.player.rows]


def _positions(outcome: Outcome, heard: Heard) -> Values:
    return heard.patch[outcome.player.rows]


class MatchBar:
    """Progress on standard error: presets that are heard, then the time of the search and its best."""

    def __init__(self, seconds: float) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"))
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("loading", total=None, told="")
        self._seconds = seconds

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def hear(self, done: int, total: int) -> None:
        """Of a library, so many presets are heard."""
        self._show("hearing presets", done, total, f"{done:,} of {total:,}")

    def search(self, seconds: float, distance: float) -> None:
        """The search has come so near in so many seconds."""
        told = "silence" if distance >= SILENT else f"distance {distance:.3f}"
        total = self._seconds if math.isfinite(self._seconds) else None
        self._show("searching", min(seconds, self._seconds), total, f"{told} after {seconds:.0f} s")

    def _show(self, description: str, done: float, total: float | None, told: str) -> None:
        self._progress.update(self._task, description=description, completed=done, total=total, told=told)
