"""The swap: a note's pitch with another's timbre, told by classifiers that have only met real notes."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tsumami.engine.timbre.features import features_of
from tsumami.plugins.match.swap import swapped
from tsumami.training.timbre.notes import Notes, at_peak
from tsumami.training.timbre.probes import classifier, told_right

SWAPS: Final = 100
_HEARD: Final = 40
"""Frames that the classifiers hear, 0.9 s."""
_LEARNED: Final = 0.75
_STRENGTH: Final = 0.1
_NEAR: Final = 12
"""Semitones."""

Bands = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


class Swapped(NamedTuple):
    """Shares told right: of notes that were swapped, and of real ones that the classifiers did not learn."""

    pitch: float
    timbre: float
    real_pitch: float
    real_timbre: float


def swap_test(notes: Notes, seed: int, count: int = SWAPS) -> dict[str, Swapped]:
    """So many notes' pitches with the timbre of a note of another instrument, drawn by ``seed``.

    All of them, those that were moved by an octave at most, and those whose pitch the instrument that lends
    its timbre can play, as the classifiers have heard it.
    """
    rng = np.random.default_rng(seed)
    learned, asked = np.split(rng.permutation(len(notes)), [round(_LEARNED * len(notes))])
    heard = _bands(notes.sounds)
    tell_pitch = classifier(heard[learned], notes.pitches[learned], _STRENGTH)
    tell_timbre = classifier(heard[learned], notes.timbres[learned], _STRENGTH)
    real = [
        told_right(tell_pitch, heard[asked], notes.pitches[asked]),
        told_right(tell_timbre, heard[asked], notes.timbres[asked]),
    ]
    takers = asked[:count]
    givers = np.array([rng.choice(np.flatnonzero(notes.timbres != notes.timbres[row])) for row in takers])
    made = _bands(_made(notes, giver, taker) for giver, taker in zip(givers, takers, strict=True))
    near = np.abs(notes.notes[takers] - notes.notes[givers]) <= _NEAR
    kept_by = {
        "any two": np.full(len(near), True),
        "an octave apart at most": near,
        "in the instrument's range": _can_play(notes, givers, takers),
    }
    return {
        what: Swapped(
            told_right(tell_pitch, made[kept], notes.pitches[takers[kept]]),
            told_right(tell_timbre, made[kept], notes.timbres[givers[kept]]),
            *real,
        )
        for what, kept in kept_by.items()
        if kept.any()
    }


def _can_play(notes: Notes, givers: Labels, takers: Labels) -> npt.NDArray[np.bool_]:
    """Whether each giver's instrument has notes from the taker's pitch down and from it up."""
    played = [notes.notes[notes.timbres == notes.timbres[giver]] for giver in givers]
    wanted = notes.notes[takers]
    return np.array([own.min() <= note <= own.max() for own, note in zip(played, wanted, strict=True)])


def _made(notes: Notes, giver: int, taker: int) -> npt.NDArray[np.float16]:
    sound = notes.sounds[giver].astype(np.float32)
    return at_peak(swapped(sound, float(notes.notes[giver]), float(notes.notes[taker])), len(sound))


def _bands(sounds: Iterable[npt.NDArray[np.float16]]) -> Bands:
    """Means over the beginning of what the encoder hears, ``[n, BANDS]``."""
    return np.stack([features_of(sound.astype(np.float32))[:_HEARD].mean(axis=0) for sound in sounds])
