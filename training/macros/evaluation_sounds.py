"""Sounds that the instrument did not make: what models are for, and what nobody knows the parameters of."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import RenderError, SoundError
from tsumami.plugins.match.mel import SAMPLE_RATE
from tsumami.plugins.match.pitch import note_of
from tsumami.plugins.match.sound import read_sound
from tsumami.plugins.offline import Flag
from tsumami.plugins.offline.flags import NO_SOUND
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.rendered_set import RenderedSet

Values = npt.NDArray[np.float32]

MOST: Final = 300
"""Of more sounds so many are taken, at even distances."""

ENDINGS: Final = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")

_DATA_SET: Final = ".zarr"
_SAME_SEMITONES: Final = 0.5
_SILENCE: Final = 1e-12


@dataclass(frozen=True, slots=True)
class OtherSounds:
    """``mel`` float32 ``[n, 64, 80]``, linear, of sounds of the corpus's note; ``note`` says which they are.

    Each is as loud as the median of the training presets: levels of recordings mean nothing to a synthesizer.
    """

    name: str
    note: str
    mel: Values


def read_other_sounds(place: Path, corpus: Corpus) -> OtherSounds:
    """The sounds of a folder of recordings, or of a data set of another instrument (``NAME.zarr``).

    Of a folder those count whose pitch is that of the corpus's note. Raises `RenderError` for a data set that
    is of another note or of the corpus's own instrument, `SoundError` for a folder without sounds to use.
    """
    mel, note = _of_data_set(place, corpus) if place.suffix == _DATA_SET else _of_folder(place, corpus)
    if len(mel) > MOST:
        rows = np.linspace(0, len(mel) - 1, MOST).round().astype(np.int64)
        mel, note = mel[rows], f"{note}, {MOST} of them at even distances"
    norms = np.linalg.norm(corpus.train.mel, axis=(1, 2))
    level = np.median(norms) / np.maximum(np.linalg.norm(mel, axis=(1, 2)), _SILENCE)
    return OtherSounds(place.stem, note, np.asarray(mel * level[:, None, None], np.float32))


def _of_data_set(path: Path, corpus: Corpus) -> tuple[Values, str]:
    rendered = RenderedSet(path)
    if rendered.name == corpus.name:
        raise RenderError(f"other sounds must be of another instrument than {corpus.name}, got {path}")
    settings = rendered.settings
    for name, wanted, got in (
        ("finished", "yes", "no" if rendered.pending else "yes"),
        ("rendered at", f"{SAMPLE_RATE} Hz", f"{settings.sample_rate} Hz"),
        ("of note", str(corpus.settings.note), str(settings.note)),
    ):
        if got != wanted:
            raise RenderError(f"other sounds must be {name}: {wanted}, got {got} in {path}")
    heard = (rendered.flags & np.uint16(NO_SOUND | Flag.SILENT)) == 0
    if not heard.any():
        raise RenderError(f"other sounds must be heard, got silence alone in {path}")
    return rendered.heard()[0][heard], f"{int(heard.sum()):,} renders of {rendered.name}"


def _of_folder(folder: Path, corpus: Corpus) -> tuple[Values, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in ENDINGS]
    mels = list(_of_note(files, corpus.settings.note))
    if not mels:
        raise SoundError(
            f"other sounds must be recordings of note {corpus.settings.note} ({', '.join(ENDINGS)}), "
            f"got {len(files)} files without one in {folder}"
        )
    return np.stack(mels), (
        f"{len(mels):,} of {len(files):,} recordings, those with the pitch of note {corpus.settings.note}"
    )


def _of_note(files: list[Path], note: int) -> Iterator[Values]:
    """Mels of the files with a clear pitch, within half a semitone of ``note``; others are left out."""
    for path in files:
        try:
            sound = read_sound(path)
        except SoundError:
            continue
        pitch = sound.pitch_hz
        if pitch is not None and abs(note_of(pitch) - note) <= _SAME_SEMITONES:
            yield sound.mel
