"""The sounds that a drawn loop can have: of all that begin on steps, those in the middle of clusters."""

import numpy as np
import numpy.typing as npt
import torch
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from torch import Tensor
from torch.nn.functional import one_hot

from tsumami.engine.loops.wishes import KINDS
from tsumami.training.loops.basis import ALL_SHAPES, Basis
from tsumami.training.loops.examples import Examples, brightness_parts
from tsumami.training.loops.networks import RESTS, SOUNDS, of_kind

Array = npt.NDArray[np.float32]


class Vocabulary:
    """``sounds`` ``[sounds, ALL_SHAPES]``, those of a kind after its rest, from dark to bright.

    Where there are fewer than `SOUNDS`, rests follow that nothing is taken for.
    """

    def __init__(self, examples: Examples, basis: Basis, seed: int) -> None:
        self.sounds = torch.zeros(sum(SOUNDS.values()), ALL_SHAPES)
        magnitudes, moments = torch.zeros(len(self.sounds)), torch.zeros(len(self.sounds))
        for number, (kind, rest) in enumerate(zip(KINDS, RESTS, strict=True)):
            own = _middles(examples.weights[examples.wishes[:, number] == 1.0], SOUNDS[kind] - 1, seed)
            parts = np.array([brightness_parts(sound) for sound in own @ basis.shapes])
            order = np.argsort(parts[:, 1] / parts[:, 0])
            rows = slice(rest + 1, rest + 1 + len(own))
            self.sounds[rows] = torch.from_numpy(own[order])
            magnitudes[rows], moments[rows] = torch.from_numpy(parts[order].T.astype(np.float32))
        self._magnitudes, self._moments = magnitudes, moments

    def chosen(self, weights: Tensor, wishes: Tensor) -> Tensor:
        """Numbers of the sounds that are nearest to loops ``[n, ALL_SHAPES + 1, STEPS]``: ``[n, STEPS]``."""
        steps = weights[:, :ALL_SHAPES].transpose(1, 2)
        apart = torch.cdist(steps, self.sounds.expand(len(steps), -1, -1))
        is_sound = self.sounds.any(dim=1) & (of_kind(wishes)[:, None, :, 0] > 0.0)
        nearest = apart.masked_fill(~is_sound, torch.inf).argmin(dim=2)
        rests = (wishes[:, : len(KINDS)] @ torch.tensor(RESTS, dtype=torch.float32)).long()
        return torch.where(weights[:, ALL_SHAPES] > 0.0, nearest, rests[:, None])

    def octaves(self, shares: Tensor) -> Tensor:
        """How bright loops are by the shares ``[n, sounds, STEPS]`` of sounds in them, ``[n]``.

        That is `centroid_octaves` as far as sounds do not overlap; it has a slope everywhere.
        """
        counts = shares.sum(dim=2)
        return counts @ self._moments / (counts @ self._magnitudes).clamp(min=1e-6)


def ones_of(chosen: Tensor) -> Tensor:
    """Shares ``[n, sounds, STEPS]`` of sounds by their numbers ``[n, STEPS]``."""
    return one_hot(chosen, sum(SOUNDS.values())).transpose(1, 2).float()


def _middles(weights: Array, most: int, seed: int) -> Array:
    steps = weights.transpose(0, 2, 1).reshape(-1, ALL_SHAPES + 1)
    steps = np.unique(steps[steps[:, -1] > 0.0][:, :ALL_SHAPES].round(3), axis=0)
    if len(steps) <= most:
        return np.asarray(steps, np.float32)
    centres = KMeans(most, random_state=seed).fit(steps).cluster_centers_
    return np.asarray(steps[cdist(centres, steps).argmin(axis=1)], np.float32)
