"""What a model must beat to have learned anything: the mean preset, and the nearest ones.

One is nearest in log-mel, which is about what an ear hears, and one in the very metric of the table: no other
training preset has a lower SC, so it shows what SC alone is worth.
"""

from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
from sklearn.metrics import pairwise_distances_argmin

from tsumami.plugins.match.mel import OFFSET

Mels = npt.NDArray[np.floating[Any]]
Values = npt.NDArray[np.float32]

MEAN: Final = "mean preset"
NEAREST: Final = "nearest preset"
NEAREST_BY_SC: Final = "nearest preset by SC"


class Predictor(Protocol):
    """Whatever answers sounds with parameters: a baseline or a trained run."""

    @property
    def name(self) -> str:
        """Row of the table."""
        ...

    def predict(self, mel: Values) -> Values:
        """Positions 0-1 ``[n, parameters]`` for linear mels ``[n, bands, frames]``, the same every time."""
        ...


class MeanPreset:
    """Answers every sound with the mean of the training presets ``[n, parameters]``."""

    name = MEAN

    def __init__(self, values: Values) -> None:
        self._mean = values.mean(axis=0, dtype=np.float64).astype(np.float32)

    def predict(self, mel: Values) -> Values:
        """See `Predictor.predict`."""
        return np.tile(self._mean, (len(mel), 1))


class NearestPreset:
    """Answers a sound with the training preset whose log-mel is nearest (Euclidean)."""

    name = NEAREST

    def __init__(self, mel: Values, values: Values) -> None:
        self._pictures, self._values = self.pictures(mel), values

    def rows(self, mel: Values) -> npt.NDArray[np.int64]:
        """Row of the training preset nearest to each sound, int64 ``[n]``."""
        return np.asarray(pairwise_distances_argmin(self.pictures(mel), self._pictures), np.int64)

    def predict(self, mel: Values) -> Values:
        """See `Predictor.predict`."""
        return self._values[self.rows(mel)]

    def pictures(self, mel: Mels) -> npt.NDArray[np.float64]:
        """What distances are taken of, float64 ``[n, bands x frames]``."""
        return np.log(np.asarray(mel, np.float64) + OFFSET).reshape(len(mel), -1)


class NearestPresetBySc(NearestPreset):
    """Answers a sound with the training preset from which its spectral convergence is least."""

    name = NEAREST_BY_SC

    def pictures(self, mel: Mels) -> npt.NDArray[np.float64]:
        """Linear power; SC is the distance over the sound's own norm, which is the same for every preset."""
        return np.asarray(mel, np.float64).reshape(len(mel), -1)
