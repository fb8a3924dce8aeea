"""What the encoder learns from, what says which epoch is best, and what judges it: timbres never shared."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tsumami.engine.timbre.features import BANDS, RANGE_DB, band_levels
from tsumami.training.timbre.encoder import FRAMES_PER_STEP
from tsumami.training.timbre.instruments import TEST, VALIDATION, learned_from
from tsumami.training.timbre.notes import Notes, joined
from tsumami.training.timbre.schedule import EncoderSchedule

_INSTRUMENT_SHARE: Final = 0.2
"""Of the timbres of a batch."""
_FEWEST_FRAMES: Final = 12
_LATEST: Final = 3
"""Frames by which a sound may be found late."""
_TILT_DB: Final = 5.0
_POINTS: Final = 6
"""Of the random curve that stands for rooms, microphones and loudspeakers."""
_NOISE_DB: Final = (-90.0, -35.0)
"""Under the loudest band: what a recording's floor may be."""

Levels = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Split:
    """Notes by their use; presets and instruments are in one alone."""

    train: Notes
    validation: Notes
    test_presets: Notes
    test_instruments: Notes


def split_of(
    instruments: Notes, patches: Notes, presets: Notes, schedule: EncoderSchedule, seed: int
) -> Split:
    """Presets at random; instruments by `TEST` and `VALIDATION`."""
    order = np.random.default_rng(seed).permutation(len(presets.names))
    held = [presets.names[row] for row in order[: schedule.held]]
    judges = [presets.names[row] for row in order[schedule.held : schedule.held + max(schedule.held // 6, 2)]]
    others = [presets.names[row] for row in order[schedule.held + len(judges) :]]
    return Split(
        joined([learned_from(instruments), patches, presets.of(others)]),
        joined([instruments.of(VALIDATION), presets.of(judges)]),
        presets.of(held),
        instruments.of(TEST),
    )


def levels_of(notes: Notes) -> Levels:
    """Band levels in dB of all notes, float16 ``[n, frames, BANDS]``."""
    return np.stack([band_levels(sound.astype(np.float32)).astype(np.float16) for sound in notes.sounds])


def features_from(levels: Tensor) -> Tensor:
    """`tsumami.engine.timbre.features.under_loudest` of a batch ``[n, frames, BANDS]``."""
    loudest = levels.amax(2).cummax(1).values
    return (1.0 + (levels - loudest[..., None]) / RANGE_DB).clamp(0.0, 1.0)


class Batches:
    """Batches of many timbres with some notes each, disturbed as recordings and late beginnings would."""

    def __init__(self, notes: Notes, schedule: EncoderSchedule) -> None:
        self._levels, self._pitches, self._schedule = levels_of(notes), notes.pitches, schedule
        rows = [np.flatnonzero(notes.timbres == timbre) for timbre in range(len(notes.names))]
        many = np.median([len(found) for found in rows])
        self._rows = rows
        self._presets = [number for number, found in enumerate(rows) if 2 <= len(found) <= 2 * many]
        self._instruments = [number for number, found in enumerate(rows) if len(found) > 2 * many]

    def drawn(self, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """An epoch's features ``[n, frames, BANDS]``, timbres ``[n]`` and pitches ``[n]``."""
        for _ in range(self._schedule.steps):
            timbres = self._timbres(rng)
            picked = [self._notes(timbre, rng) for timbre in timbres]
            rows = np.concatenate(picked)
            labels = np.repeat(timbres, [len(some) for some in picked])
            features = features_from(self._disturbed(rows, rng))
            yield features, torch.from_numpy(labels), torch.from_numpy(self._pitches[rows])

    def _timbres(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        count = min(round(_INSTRUMENT_SHARE * self._schedule.timbres), len(self._instruments))
        presets = min(self._schedule.timbres - count, len(self._presets))
        chosen = [rng.choice(self._instruments, count, replace=False)] if count else []
        return np.concatenate([*chosen, rng.choice(self._presets, presets, replace=False)]).astype(np.int64)

    def _notes(self, timbre: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        rows = self._rows[timbre]
        return rng.choice(rows, min(self._schedule.notes, len(rows)), replace=False)

    def _disturbed(self, rows: npt.NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        frames = self._levels.shape[1]
        first = int(rng.integers(_LATEST + 1))
        last = first + int(rng.integers(_FEWEST_FRAMES, frames - first + 1))
        levels = self._levels[rows, first:last].astype(np.float32)
        levels += _curves(len(rows), rng)[:, None]
        loudest = levels.max(axis=(1, 2), keepdims=True)
        floor = loudest + rng.uniform(*_NOISE_DB, (len(rows), 1, 1)).astype(np.float32)
        return torch.from_numpy(np.logaddexp(levels * _NEPER, floor * _NEPER) / _NEPER)


_NEPER: Final = np.float32(np.log(10.0) / 10.0)


def _curves(count: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Random smooth gains in dB, ``[count, BANDS]``."""
    points = rng.normal(0.0, _TILT_DB / 2.0, (count, _POINTS))
    places = np.linspace(0.0, _POINTS - 1.0, BANDS)
    curves = [np.interp(places, np.arange(_POINTS), row) for row in points]
    return np.asarray(curves, np.float32)


def whole_features(notes: Notes) -> Tensor:
    """Of all notes as they are, ``[n, frames, BANDS]``, frames that fill steps."""
    features = features_from(torch.from_numpy(levels_of(notes).astype(np.float32)))
    return features[:, : features.shape[1] // FRAMES_PER_STEP * FRAMES_PER_STEP]
