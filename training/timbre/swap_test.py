"""The swap: a note's pitch with another's timbre, told by classifiers that have only met real notes."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from tsumami.training.timbre.decoder import FRAMES, Decoder, levels_of
from tsumami.training.timbre.encoder_fit import TrainedEncoder
from tsumami.training.timbre.notes import Notes
from tsumami.training.timbre.probes import classifier, told_right

_AT_ONCE: Final = 64
_HEARD: Final = 64
"""Frames that the classifiers hear, 0.75 s."""
_LEARNED: Final = 0.75
_STRENGTH: Final = 0.01

Levels = npt.NDArray[np.float32]


class Swapped(NamedTuple):
    """Shares told right: of notes that were swapped, and of real ones that the classifiers did not learn."""

    pitch: float
    timbre: float
    real_pitch: float
    real_timbre: float


def swap_test(encoder: TrainedEncoder, decoder: Decoder, notes: Notes, seed: int) -> Swapped:
    """Every note's pitch with the timbre of a note of another instrument, drawn by ``seed``."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(notes))
    learned, asked = np.split(order, [round(_LEARNED * len(order))])
    heard = _summaries(notes)
    tell_pitch = classifier(heard[learned], notes.pitches[learned], _STRENGTH)
    tell_timbre = classifier(heard[learned], notes.timbres[learned], _STRENGTH)
    timbres, pitches = (vectors[:, -1] for vectors in encoder.vectors(notes))
    givers = np.array([rng.choice(np.flatnonzero(notes.timbres != notes.timbres[row])) for row in asked])
    made = _summary(_decoded(decoder, timbres[givers], pitches[asked]))
    return Swapped(
        told_right(tell_pitch, made, notes.pitches[asked]),
        told_right(tell_timbre, made, notes.timbres[givers]),
        told_right(tell_pitch, heard[asked], notes.pitches[asked]),
        told_right(tell_timbre, heard[asked], notes.timbres[asked]),
    )


def _decoded(decoder: Decoder, timbres: Levels, pitches: Levels) -> Levels:
    with torch.inference_mode():
        vectors = zip(
            *(torch.split(torch.from_numpy(some), _AT_ONCE) for some in (timbres, pitches)), strict=True
        )
        times = torch.arange(FRAMES)
        parts = [decoder(t, p, times.expand(len(t), -1)).clamp(0.0, 1.0).numpy() for t, p in vectors]
    return np.concatenate(parts)


def _summaries(notes: Notes) -> Levels:
    rows = range(0, len(notes), _AT_ONCE)
    parts = (torch.from_numpy(notes.sounds[first : first + _AT_ONCE].astype(np.float32)) for first in rows)
    return np.concatenate([_summary(levels_of(part).numpy()) for part in parts])


def _summary(levels: Levels) -> Levels:
    """Means and deviations over time of the beginning, ``[n, 2 x bins]``."""
    heard = levels[:, :_HEARD]
    return np.concatenate([heard.mean(axis=1), heard.std(axis=1)], axis=1)
