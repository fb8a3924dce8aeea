"""Axes: the directions of a latent along which macros move it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError
from tsumami.engine.inference import contract

Latent = npt.NDArray[np.float64]
Directions = npt.NDArray[np.float64]


def own_directions(macros: Sequence[contract.Latent], size: int) -> Directions:
    """The directions ``[macros, size]`` of leading latents: those that they have, or the dimensions."""
    directions = np.eye(len(macros), size)
    for row, macro in zip(directions, macros, strict=True):
        if macro.direction:
            row[:] = macro.direction
    return directions


class Axes:
    """One direction float64 ``[L]`` for each of ``count`` macros; macro k's is dimension k by itself.

    A latent is its places on the axes, how far it lies along each (in lengths of the direction), and a rest:
    ``latent = rest + Σ place_k · direction_k``. Axes need not stand at right angles, a knob moves its own
    place only.

    `ModelError` when ``directions`` are not ``[count, size]`` finite numbers, or one of them has no length.
    """

    def __init__(self, count: int, size: int, directions: npt.ArrayLike | None = None) -> None:
        given = np.eye(count, size) if directions is None else np.array(directions, np.float64)
        if given.shape != (count, size):
            raise ModelError(f"axes must be {count} directions of {size} numbers, got shape {given.shape}")
        squares = np.einsum("kl,kl->k", given, given)
        broken = np.flatnonzero(~(np.isfinite(squares) & (squares > 0)))
        if len(broken):
            raise ModelError(f"axes must have a length that is a number above 0, got row {broken[0]} without")
        self._directions = given
        self._squares = squares
        self._rest: Latent = np.zeros(size)

    def load(self, latent: Latent) -> Latent:
        """Take a latent ``[L]`` over, and return its places ``[count]``."""
        places = np.asarray(self._directions @ latent / self._squares, np.float64)
        # Of dimensions as axes this leaves exact zeros, so `write` gives every latent back to the bit.
        self._rest = latent - places @ self._directions
        return places

    def write(self, places: Latent, latent: Latent) -> None:
        """The latent ``[L]`` at other places, into ``latent``; allocates nothing. [inference thread]"""
        np.dot(places, self._directions, out=latent)
        latent += self._rest
