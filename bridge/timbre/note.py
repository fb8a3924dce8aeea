"""A sound file heard as one note: where it begins, its pitch, its vectors."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tsumami.engine.errors import SoundError
from tsumami.engine.timbre.encoder import NoteVectors, TimbreEncoder
from tsumami.engine.timbre.features import SAMPLE_RATE, Samples
from tsumami.plugins.match.pitch import note_of, pitch_hz
from tsumami.plugins.match.sound import read_sound

HEARD_SECONDS: Final = 2.0
"""From where a sound begins; what follows is not heard."""

_PITCHED_SECONDS: Final = 1.0
_NOTE_NAMES: Final = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


@dataclass(frozen=True, slots=True)
class HeardNote:
    """``note`` is MIDI's with its fraction, None where no single pitch is clear."""

    vectors: NoteVectors
    note: float | None

    @property
    def pitch(self) -> str:
        """In words, such as ``A4``."""
        return "no clear pitch" if self.note is None else name_of_note(round(self.note))


def hear_file(
    path: Path, encoder: TimbreEncoder, *, any_pitch: bool = False, gain_db: float = 0.0
) -> HeardNote:
    """The first 2 s of a file from where it begins.

    Raises `SoundError` for a file that is no sound, silent or too short, and, unless ``any_pitch``, for
    one without a single clear pitch: noise, a drum or a chord.
    """
    samples = read_sound(path, gain_db, HEARD_SECONDS).samples
    vectors = heard_vectors(samples, encoder, str(path))
    note = note_found(samples)
    if note is None and not any_pitch:
        raise SoundError(f"{_unpitched(path)}; --any-pitch compares it all the same")
    return HeardNote(vectors, note)


def pitched_note(path: Path) -> tuple[Samples, float]:
    """The first 2 s of a file from where it begins, and its MIDI note with its fraction.

    Raises `SoundError` as `hear_file` does.
    """
    samples = read_sound(path, most_seconds=HEARD_SECONDS).samples
    note = note_found(samples)
    if note is None:
        raise SoundError(f"{_unpitched(path)}; record one note alone")
    return samples, note


def _unpitched(path: Path) -> str:
    return f"sound must be one note with a clear pitch, got noise, a chord or a very short one in {path}"


def note_found(samples: Samples) -> float | None:
    """MIDI note of the first second, with its fraction; None where no single pitch is clear."""
    hz = pitch_hz(samples[: round(_PITCHED_SECONDS * SAMPLE_RATE)], SAMPLE_RATE)
    return None if hz is None else note_of(hz)


def heard_vectors(samples: Samples, encoder: TimbreEncoder, what: str) -> NoteVectors:
    """Vectors of a whole note; `SoundError` where it is too short to have them."""
    vectors = encoder.vectors_of(samples)
    if vectors is None:
        raise SoundError(
            f"sound must last {encoder.shortest_samples / SAMPLE_RATE:.2f} s from where it begins, "
            f"got {len(samples) / SAMPLE_RATE:.2f} s in {what}"
        )
    return vectors


def name_of_note(note: int) -> str:
    """Of a MIDI note; 60 is C4."""
    return f"{_NOTE_NAMES[note % 12]}{note // 12 - 1}"
