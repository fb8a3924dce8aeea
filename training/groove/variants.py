"""The models of the groove paper by name: what disturbs the input, and how many Gaussians the latent has."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tsumami.training.groove.noises import NOISES

_MIXED: Final = 2


@dataclass(frozen=True, slots=True)
class Variant:
    """``noise`` of `NOISES`, ``components`` of the latent."""

    noise: str
    components: int = 1


VARIANTS: Final[Mapping[str, Variant]] = MappingProxyType(
    {
        **{name: Variant(name) for name in NOISES},
        "mixture": Variant("none", _MIXED),
        "mixture_conditional": Variant("conditional", _MIXED),
    }
)
"""The paper's four, then its outlook."""
