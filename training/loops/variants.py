"""How a generator of loops can be trained: as the paper does, and what is said to keep it stable."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

Betas = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of training; ``rate``, which falls to 0 along half a cosine, and ``betas`` are Adam's.

    ``is_normed``: batch norm in both networks. ``is_varied``: minibatch features for the critic.
    ``is_spectral``: the critic's slopes are bounded by spectral norms (Miyato et al. 2018), and its loss is a
    hinge. ``r1``: weight of its squared slope at what is true (Mescheder et al. 2018). ``energy``: weight of
    the energy distance between what is made and what is true (Székely and Rizzo 2013), batch by batch;
    with it the wished density is kept. ``is_drawn``: no critic, but a generator that draws, see
    `tsumami.training.loops.likelihood`. ``decay``: of weights.
    """

    rate: float
    betas: Betas
    is_normed: bool = False
    is_varied: bool = False
    is_spectral: bool = False
    r1: float = 0.0
    energy: float = 0.0
    is_drawn: bool = False
    decay: float = 0.0


_STABLE: Final = (0.0, 0.99)

VARIANTS: Final[Mapping[str, Variant]] = MappingProxyType(
    {
        "recipe": Variant(1e-3, (0.9, 0.999), is_normed=True),
        "spectral": Variant(1e-3, _STABLE, is_varied=True, is_spectral=True),
        "r1": Variant(1e-3, _STABLE, is_varied=True, r1=1.0),
        "energy": Variant(1e-3, _STABLE, is_varied=True, r1=1.0, energy=3.0),
        "drawn": Variant(2e-3, (0.9, 0.999), is_drawn=True, decay=0.05),
    }
)
"""The paper's, three that are not, and one without a critic."""
SHIPPED: Final = "drawn"
