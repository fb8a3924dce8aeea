"""A folder of music as spectrograms, tune by tune, one of which is kept from the training."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from tsumami.engine.errors import ParameterError, SoundError
from tsumami.training.restoration.spectra import HOP, N_FFT, SAMPLE_RATE, Magnitudes, magnitudes, normalised
from tsumami.training.restoration.windows import WINDOW

ENDINGS: Final = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")

_FEWEST: Final = 2
_SILENT: Final = 1e-3
_HASH: Final = 16


@dataclass(frozen=True, slots=True)
class Tune:
    """``magnitudes`` ``[frames, BINS]`` of a whole file, over the largest of them; ``name`` is the file's."""

    name: str
    magnitudes: Magnitudes


@dataclass(frozen=True)
class Fold:
    """What is learned from, and the tune that is not."""

    train: tuple[Tune, ...]
    held_out: Tune

    @cached_property
    def hash(self) -> str:
        """Of names and spectra, and of which one is held out."""
        digest = hashlib.sha256()
        for tune in (self.held_out, *self.train):
            digest.update(tune.name.encode() + b"\0" + tune.magnitudes.tobytes())
        return digest.hexdigest()[:_HASH]


def read_tunes(folder: Path, on_tune: Callable[[int, int], object] = lambda _done, _of: None) -> list[Tune]:
    """Every audio file at or under ``folder``, by name; ``on_tune`` is told how many of how many are read.

    Raises `SoundError` for a folder with fewer than two, for two of one name, and for a file that cannot be
    read, is silent, or shorter than a window of `WINDOW` frames.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    names = [path.stem for path in paths]
    if len(paths) < _FEWEST or len(set(names)) < len(names):
        raise SoundError(
            f"data must be a folder with {_FEWEST} or more tunes of different names ({', '.join(ENDINGS)}), "
            f"got {len(set(names))} in {folder}"
        )
    tunes = []
    for done, path in enumerate(paths, 1):
        tunes.append(Tune(path.stem, _read(path)))
        on_tune(done, len(paths))
    return tunes


def fold_of(tunes: Sequence[Tune], held_out: str) -> Fold:
    """The fold that keeps back the tune of this name, or the one whose name alone contains it.

    Raises `ParameterError` when there is none such, or more than one.
    """
    found = [tune for tune in tunes if tune.name == held_out]
    found = found or [tune for tune in tunes if held_out.lower() in tune.name.lower()]
    if len(found) != 1:
        names = ", ".join(tune.name for tune in tunes)
        raise ParameterError(
            f"held-out must be in the name of one tune, got {held_out}; the tunes are {names}"
        )
    return Fold(tuple(tune for tune in tunes if tune is not found[0]), found[0])


def _read(path: Path) -> Magnitudes:
    try:
        frames, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError, TypeError, ValueError) as error:  # libsndfile's own is a RuntimeError
        raise SoundError(f"tune must be an audio file that libsndfile reads, got {path}") from error
    spectrogram = magnitudes(_mono(np.asarray(frames, np.float32), rate))
    if len(spectrogram) < WINDOW:
        seconds = (N_FFT + (WINDOW - 1) * HOP) / SAMPLE_RATE
        raise SoundError(
            f"tune must be at least {seconds:.2f} s long, got {len(frames) / rate:.2f} s in {path}"
        )
    if not np.isfinite(spectrogram).all() or spectrogram.max() < _SILENT:
        raise SoundError(f"tune must be finite numbers that can be heard, got others in {path}")
    return normalised(spectrogram)


def _mono(frames: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float32]:
    mean = np.asarray(frames.mean(axis=1), np.float32)
    return (
        mean if rate == SAMPLE_RATE else np.asarray(soxr.resample(mean, rate, SAMPLE_RATE, "VHQ"), np.float32)
    )
