"""The shapes of which the sounds of steps are mixed: principal components of all that was heard.

Found of pre-emphasised sounds, in which cymbals count beside kick drums as they do to the ear. Bass and drums
have shapes of their own, side by side; what one kind does not use is 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.loops.assembly import STEPS
from tsumami.engine.loops.wishes import KINDS, Wish
from tsumami.training.loops.loop_set import SOUND_FRAMES, Sequenced

Array = npt.NDArray[np.float32]

SHAPES: Final = {"bass": 144, "drums": 80}
"""Of each kind; what is lost by so many is 14 and 30 dB below the sounds."""
ALL_SHAPES: Final = sum(SHAPES.values())

_EMPHASIS: Final = 0.9
_HEARD: Final = 1e-6
_MOST_SOUNDS: Final = 2000


@dataclass(frozen=True, slots=True)
class Basis:
    """Shapes ``[ALL_SHAPES, SOUND_FRAMES]`` scaled so that a loud weight is about 1, and the way back.

    ``analysis`` ``[ALL_SHAPES, SOUND_FRAMES]`` gives the weights of a pre-emphasised sound.
    """

    shapes: Array
    analysis: Array

    def weights(self, sequenced: Sequenced) -> Array:
        """Of every step, ``[ALL_SHAPES + 1, STEPS]``; the last row is 1 where something begins."""
        sounds = sequenced.sounds
        found = self.analysis[_rows(sequenced.pattern.kind)] @ _emphasised(sounds).T
        weights = np.zeros((ALL_SHAPES + 1, STEPS), np.float32)
        weights[_rows(sequenced.pattern.kind)] = found
        weights[-1] = (sounds**2).sum(axis=1) > _HEARD
        return np.asarray(weights * weights[-1], np.float32)

    def sounds(self, weights: Array) -> Array:
        """Sounds ``[…, STEPS, SOUND_FRAMES]`` of weights ``[…, ALL_SHAPES (+ 1), STEPS]``."""
        return np.asarray(np.swapaxes(weights[..., :ALL_SHAPES, :], -1, -2) @ self.shapes, np.float32)


def find_basis(loops: Sequence[Sequenced], seed: int) -> Basis:
    """The principal components of the loops' sounds, or of some of them where there are very many."""
    shapes, analysis = (np.zeros((ALL_SHAPES, SOUND_FRAMES), np.float32) for _ in range(2))
    for kind in KINDS:
        heard = np.concatenate([loop.sounds for loop in loops if loop.pattern.kind == kind])
        heard = heard[(heard**2).sum(axis=1) > _HEARD]
        heard = heard[np.random.default_rng(seed).permutation(len(heard))[:_MOST_SOUNDS]]
        components, deviations = _components(_emphasised(heard), SHAPES[kind])
        # Between whitened, where noise counts as much as notes, and as they are, where two shapes are all.
        scale = np.sqrt(deviations * deviations[0])[:, None]
        shapes[_rows(kind)] = _plain(components * scale)
        analysis[_rows(kind)] = components / scale
    return Basis(shapes, analysis)


def _components(heard: Array, count: int) -> tuple[Array, Array]:
    """Orthonormal rows and the deviations along them; rows of zeros and ones where there are fewer."""
    values, vectors = np.linalg.eigh((heard @ heard.T).astype(np.float64))
    order = np.argsort(values)[::-1][: min(count, len(values))]
    lengths = np.sqrt(np.maximum(values[order], 1e-9))
    components, deviations = np.zeros((count, heard.shape[1]), np.float32), np.ones(count, np.float32)
    components[: len(order)] = (vectors[:, order] / lengths).T @ heard
    deviations[: len(order)] = lengths / np.sqrt(len(heard))
    return components, deviations.astype(np.float32)


def _rows(kind: str) -> slice:
    begin = sum(SHAPES[earlier] for earlier in KINDS[: KINDS.index(kind)])
    return slice(begin, begin + SHAPES[kind])


def _emphasised(sounds: Array) -> Array:
    later = sounds[:, 1:] - np.float32(_EMPHASIS) * sounds[:, :-1]
    return np.concatenate([sounds[:, :1], later.astype(np.float32)], axis=1)


def _plain(emphasised: Array) -> Array:
    """Without the emphasis: the recursion y[n] = x[n] + a y[n - 1], by its transfer function."""
    size = 2 * emphasised.shape[1]
    response = 1.0 / (1.0 - _EMPHASIS * np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size))
    whole = np.fft.irfft(np.fft.rfft(emphasised, size) * response, size)
    return np.asarray(whole[:, : emphasised.shape[1]], np.float32)


def wish_of(sequenced: Sequenced, brightness: float) -> Wish:
    """What would have been asked for, to get this loop."""
    pattern = sequenced.pattern
    return Wish(pattern.kind, pattern.bpm, pattern.density, brightness)
