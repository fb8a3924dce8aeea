"""Notes to learn from: sounds, each with its pitch and with what played it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.timbre.features import SAMPLE_RATE

LOWEST_NOTE: Final = 48
HIGHEST_NOTE: Final = 83
"""C3 to B5, as the paper has them."""
PITCHES: Final = HIGHEST_NOTE - LOWEST_NOTE + 1

_HASH: Final = 16

Sounds = npt.NDArray[np.float16]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Notes:
    """Notes ``[n]``: ``sounds`` float16 ``[n, frames]`` at `SAMPLE_RATE`, their peaks at 1.

    ``notes`` are MIDI's, ``timbres`` rows of ``names``, which say the instrument or preset.
    """

    sounds: Sounds
    notes: Rows
    timbres: Rows
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.notes)

    @property
    def pitches(self) -> Rows:
        """0 for `LOWEST_NOTE`, one more a semitone."""
        return self.notes - LOWEST_NOTE

    @property
    def hash(self) -> str:
        """Of everything."""
        digest = hashlib.sha256("\n".join(self.names).encode())
        for array in (self.sounds, self.notes, self.timbres):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()[:_HASH]

    def of(self, names: Sequence[str]) -> "Notes":
        """Those of some instruments or presets, counted anew in the order of ``names``."""
        places = np.full(len(self.names), -1)
        for place, name in enumerate(names):
            places[self.names.index(name)] = place
        chosen = np.flatnonzero(places[self.timbres] >= 0)
        return Notes(self.sounds[chosen], self.notes[chosen], places[self.timbres[chosen]], tuple(names))

    def first(self, count: int) -> "Notes":
        """At most so many, from the beginning."""
        return Notes(self.sounds[:count], self.notes[:count], self.timbres[:count], self.names)

    def save(self, path: Path) -> None:
        """Write a file beside and rename it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part.npz")
        names = np.array(self.names)
        np.savez(unfinished, sounds=self.sounds, notes=self.notes, timbres=self.timbres, names=names)
        unfinished.replace(path)

    @staticmethod
    def load(path: Path) -> "Notes":
        """Read what `save` has written."""
        with np.load(path) as stored:
            names = tuple(map(str, stored["names"]))
            return Notes(stored["sounds"], stored["notes"], stored["timbres"], names)


def joined(parts: Sequence[Notes]) -> Notes:
    """All notes of several; the longer sounds are cut to the length of the shortest."""
    frames = min(part.sounds.shape[1] for part in parts)
    starts = np.cumsum([0, *(len(part.names) for part in parts)])
    return Notes(
        np.concatenate([part.sounds[:, :frames] for part in parts]),
        np.concatenate([part.notes for part in parts]),
        np.concatenate([part.timbres + start for part, start in zip(parts, starts, strict=False)]),
        tuple(name for part in parts for name in part.names),
    )


def at_peak(sound: npt.NDArray[Any], frames: int) -> Sounds:
    """A sound of so many frames, cut or followed by silence, with its peak at 1."""
    whole = np.pad(sound[:frames], (0, max(frames - len(sound), 0)))
    return np.asarray(whole / max(float(np.abs(whole).max(initial=0.0)), 1e-9), np.float16)


def frames_of(seconds: float) -> int:
    """At `SAMPLE_RATE`."""
    return round(seconds * SAMPLE_RATE)
