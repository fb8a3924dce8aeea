"""Loops as the generators learn from them: weights of the basis, and the wishes that they fulfil."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.loops.wishes import KINDS
from tsumami.training.loops.basis import Basis, wish_of
from tsumami.training.loops.loop_set import SAMPLE_RATE, Sequenced

Array = npt.NDArray[np.float32]

_WINDOW: Final = 1024


@dataclass(frozen=True, slots=True)
class Examples:
    """``weights`` ``[n, ALL_SHAPES + 1, STEPS]`` and ``wishes`` ``[n, WISHES]``."""

    weights: Array
    wishes: Array


def centroid_octaves(audio: Array, sample_rate: int = SAMPLE_RATE) -> float:
    """How bright a sound is: the middle of its short-time magnitudes over the logarithm of frequency."""
    magnitudes, moments = brightness_parts(audio, sample_rate)
    return moments / max(magnitudes, 1e-12)


def brightness_parts(audio: Array, sample_rate: int = SAMPLE_RATE) -> tuple[float, float]:
    """Sum of short-time magnitudes, and of them times their octaves; those of several sounds add up."""
    frames = audio[: len(audio) // _WINDOW * _WINDOW].reshape(-1, _WINDOW)
    magnitudes = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW))).sum(axis=0)[1:]
    octaves = np.log2(np.arange(1, len(magnitudes) + 1) * sample_rate / _WINDOW)
    return float(magnitudes.sum()), float((magnitudes * octaves).sum())


@dataclass(frozen=True, slots=True)
class BrightnessScale:
    """Sorted centroids of the loops of each kind that were learned from."""

    octaves: dict[str, Array]

    def place(self, kind: str, audio: Array) -> float:
        """Share of those loops that are darker, 0-1."""
        known = self.octaves[kind]
        return float(np.searchsorted(known, centroid_octaves(audio)) / max(len(known), 1))


def brightness_scale(loops: Sequence[Sequenced]) -> BrightnessScale:
    """Of these loops."""
    return BrightnessScale(
        {
            kind: np.sort([centroid_octaves(loop.audio()) for loop in loops if loop.pattern.kind == kind])
            for kind in KINDS
        }
    )


def examples_of(loops: Sequence[Sequenced], basis: Basis, scale: BrightnessScale) -> Examples:
    """What is to be learned of loops."""
    weights = np.stack([basis.weights(loop) for loop in loops])
    wishes = [wish_of(loop, scale.place(loop.pattern.kind, loop.audio())).numbers() for loop in loops]
    return Examples(weights, np.stack(wishes))
