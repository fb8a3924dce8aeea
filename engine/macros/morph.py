"""The way from one preset to another through the latent of a macro model."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Latent = npt.NDArray[np.float64]


class Decode(Protocol):
    """Continuous parameters [P] at a latent [L] and context [C]; they may be overwritten by the next call."""

    def __call__(self, latent: Array, context: Array) -> Array:
        """Decode."""
        ...


@dataclass(frozen=True)
class End:
    """A preset at one end of the way: exactly this is heard there."""

    values: Array
    """Of the whole table."""
    latent: Latent
    context: Array
    residual: Array
    """What the decoder cannot say of it."""


def between(first: End, second: End, share: float, decode: Decode) -> tuple[Latent, Array]:
    """The latent at a ``share`` 0-1 of the way, and the continuous parameters there.

    Latent and residual go straight. What differs in their contexts, the discrete parameters, cannot go
    bit by bit: the latent is decoded in both, and the outcomes are mixed, so that nothing jumps but they.
    """
    latent = (1.0 - share) * first.latent + share * second.latent
    point = latent.astype(np.float32)
    mixed = (1.0 - share) * (decode(point, first.context) + first.residual)
    mixed += share * (decode(point, second.context) + second.residual)
    return latent, np.clip(mixed, 0.0, 1.0).astype(np.float32)
