"""The trained generator of loops: from a place among all loops, and a wish, to sound.

The model of contract kind ``loops`` maps ``x [1, L + WISHES]``, a latent and the numbers of a `Wish`, to
``y [1, STEPS, frames]``, the sound that begins on each step of one bar, at the contract's sample rate.
"""

import importlib.resources
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import AGAIN
from tsumami.engine.inference.inference import Inference
from tsumami.engine.loops.assembly import STEPS, assemble
from tsumami.engine.loops.seeds import bars_of
from tsumami.engine.loops.wishes import WISHES, Wish

Audio = npt.NDArray[np.float32]

_SHIPPED: Final = "loops.onnx"


def shipped_generator() -> Path:
    """The generator that ships."""
    return Path(str(importlib.resources.files("tsumami.engine.models") / _SHIPPED))


class LoopGenerator:
    """Makes loops, on the CPU; lives on one thread at a time, which is not the audio thread.

    `ModelError` when the file is not a model of kind loops, or one with other steps or wishes.
    """

    def __init__(self, model: str | Path | bytes | None = None) -> None:
        self._inference = Inference(shipped_generator() if model is None else model, "cpu", "loops")
        told, made = self._inference.inputs["x"].shape, self._inference.outputs["y"].shape
        if not (len(told) == 2 and told[1] > WISHES and len(made) == 3 and made[1] == STEPS):
            raise ModelError(
                f"tensors of a loops model must be x [1, more than {WISHES}] and y [1, {STEPS}, frames], "
                f"got {told} and {made}; {AGAIN} loops"
            )
        self._inference.prepare()

    @property
    def sample_rate(self) -> int:
        """Of the sounds that it makes, in Hz."""
        return self._inference.contract.sample_rate

    @property
    def latents(self) -> int:
        """L: length of a latent."""
        return int(self._inference.inputs["x"].shape[1]) - WISHES

    def sounds(self, latent: npt.NDArray[np.float32], wish: Wish) -> Audio:
        """What begins on each step of one bar, ``[STEPS, frames]``; silence where the model fails."""
        self._inference.inputs["x"][0] = np.concatenate([latent, wish.numbers()])
        if not self._inference.step():
            return np.zeros_like(self._inference.outputs["y"][0])
        return np.array(self._inference.outputs["y"][0])

    def loop(
        self, seed: int, wish: Wish, *, bars: int = 1, turn: float = 0.0, sample_rate: float | None = None
    ) -> Audio:
        """The loop of a seed, mono ``[frames]``; ``turn`` 0-1 of the way to the next one.

        Raises `ParameterError` for a tempo or a number of bars that is not played.
        """
        places = bars_of(seed, turn, max(bars, 1), self.latents)
        sounds = np.concatenate([self.sounds(place, wish) for place in places[:bars]] or [places[:0]])
        return assemble(sounds, self.sample_rate, wish.bpm, sample_rate or self.sample_rate)
