"""Places among all loops: the latent of a seed, and the way from one to another."""

from typing import Final

import numpy as np
import numpy.typing as npt

Latent = npt.NDArray[np.float32]

_VARIED: Final = 0.25
"""How far every second bar is on the way to a seed of its own, so that four bars are more than four times
the same."""


def latent_of(seed: int, size: int, bar: int = 0) -> Latent:
    """The latent of a seed, float32 ``[size]``; every bar of it has one of its own."""
    return np.random.default_rng((seed, bar)).standard_normal(size).astype(np.float32)


def between(first: Latent, second: Latent, share: float) -> Latent:
    """A share 0-1 of the way along the arc (Shoemake 1985); the length goes along evenly.

    Along the chord the middle would be nearer to the origin than any latent that was learned with.
    """
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    cosine = float(np.clip(first @ second / max(lengths[0] * lengths[1], 1e-12), -1.0, 1.0))
    angle = np.arccos(cosine)
    if np.sin(angle) < 1e-6:
        return np.asarray((1.0 - share) * first + share * second, np.float32)
    ways = np.sin((1.0 - share) * angle) / np.sin(angle), np.sin(share * angle) / np.sin(angle)
    direction = ways[0] * first / lengths[0] + ways[1] * second / lengths[1]
    return np.asarray(direction * ((1.0 - share) * lengths[0] + share * lengths[1]), np.float32)


def bars_of(seed: int, turn: float, bars: int, size: int) -> Latent:
    """The latents of a loop's bars ``[bars, size]``, ``turn`` 0-1 of the way from a seed to the next one."""
    place = between(latent_of(seed, size), latent_of(seed + 1, size), turn)
    return np.stack(
        [between(place, latent_of(seed, size, bar), _VARIED if bar % 2 else 0.0) for bar in range(bars)]
    )
