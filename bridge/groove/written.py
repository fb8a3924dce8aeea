"""The files that `tsumami groove` writes: checked before anything is heard, written whole."""

from dataclasses import dataclass
from pathlib import Path

from tsumami.bridge.groove.analysis import Groove
from tsumami.bridge.groove.midi_file import MIDI_ENDINGS, open_midi
from tsumami.bridge.groove.picture import draw_groove
from tsumami.bridge.groove.template import apply_template, template_of, write_template
from tsumami.engine.errors import ParameterError, SessionError
from tsumami.plugins.match.picture import check_drawing
from tsumami.plugins.offline.wav import write_beside
from tsumami.plugins.presets.formats import check_unused


@dataclass(frozen=True, slots=True)
class Written:
    """What is to be written, and the MIDI file that the groove is put onto."""

    plot: Path | None
    midi: Path | None
    apply: Path | None


def check_written(written: Written, *, overwrite: bool) -> None:
    """Raise `SessionError` or `ParameterError` where something could not be written or read."""
    for path, endings in ((written.plot, (".png",)), (written.midi, MIDI_ENDINGS)):
        if path is None:
            continue
        if path.suffix.lower() not in endings:
            raise SessionError(f"output must end with {endings[0]}, got {path}")
        if not path.absolute().parent.is_dir():
            raise SessionError(f"output must be in a folder that is there, got {path}")
        check_unused(path, overwrite=overwrite)
    if written.plot is not None:
        check_drawing()
    if written.apply is not None:
        if written.midi is None:
            raise ParameterError("midi must be given with --apply, got none; --midi OUT.mid")
        open_midi(written.apply, "apply")


def write_groove(groove: Groove, written: Written) -> list[str]:
    """Write what is wanted; a line for each file."""
    lines = []
    if written.plot is not None:
        _write_picture(written.plot, draw_groove(groove))
        lines.append(f"{written.plot}: picture")
    if written.midi is not None:
        template = template_of(groove.lean)
        if written.apply is None:
            write_template(template, written.midi)
            lines.append(f"{written.midi}: groove template of two bars, the second as it is played on")
        else:
            notes = apply_template(template, written.apply, written.midi)
            lines.append(f"{written.midi}: {written.apply.name} with this groove, {notes} notes")
    return lines


def _write_picture(path: Path, png: bytes) -> None:
    try:
        write_beside(path, png)
    except OSError as error:
        raise SessionError(f"plot must be a writable file, got {path} ({error.strerror})") from error
