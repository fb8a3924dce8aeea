"""What can be asked of a generated loop, and the numbers by which a generator is told."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError

LoopKind = Literal["bass", "drums"]
KINDS: Final[tuple[LoopKind, ...]] = get_args(LoopKind)

WISHES: Final = len(KINDS) + 3
"""Numbers that a generator is told beside the latent."""
DENSITY: Final = len(KINDS) + 1
BRIGHTNESS: Final = len(KINDS) + 2
"""Which of them are these."""
_SLOW_BPM: Final = 86.0
"""Tempos from here to twice as much were learned; others are told as the nearest of them."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A kind of loop and what it should be like; `ParameterError` for what cannot be wished.

    ``density`` is the share of steps on which something begins, ``brightness`` a place among the loops that
    were learned from, from the darkest on, both 0-1.
    """

    kind: LoopKind = "bass"
    bpm: float = 120.0
    density: float = 0.5
    brightness: float = 0.5

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ParameterError(f"kind must be {' or '.join(KINDS)}, got {self.kind}")
        for name in ("density", "brightness"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ParameterError(f"{name} must be 0-1, got {value:g}")

    def numbers(self) -> npt.NDArray[np.float32]:
        """As the generator takes them, ``[WISHES]``."""
        of_kind = [float(self.kind == kind) for kind in KINDS]
        tempo = min(max(self.bpm / _SLOW_BPM - 1.0, 0.0), 1.0)
        return np.array([*of_kind, tempo, self.density, self.brightness], np.float32)
