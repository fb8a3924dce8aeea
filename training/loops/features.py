"""What is compared of loops: how loud each band is at each step, in decibels.

A bar is cut into its steps whatever its tempo, so that loops of several tempos can be compared.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.plugins.match.mel import N_FFT, mel_matrix
from tsumami.training.loops.basis import Basis
from tsumami.training.loops.loop_set import Sequenced

Array = npt.NDArray[np.float32]

_HEARD: Final = 4096
"""Samples of the sound of a step: what is heard of it before the next but one."""
_FLOOR_DB: Final = -60.0
_GROUPED: Final = 4
"""Bands of the mel that are taken together."""


def features_of(sounds: Array) -> Array:
    """Of loops as sounds of steps ``[n, steps, frames]``: dB over the floor, ``[n, steps · bands]``."""
    heard = sounds[..., :_HEARD].reshape(-1, _HEARD // N_FFT, N_FFT)
    window = np.hanning(N_FFT).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(heard * window))).sum(axis=1) @ mel_matrix()
    bands = power.reshape(len(power), -1, _GROUPED).sum(axis=2)
    level = 10.0 * np.log10(bands / N_FFT + 10.0 ** (_FLOOR_DB / 10.0)) - _FLOOR_DB
    return np.asarray(level.reshape(len(sounds), -1), np.float32)


def features_of_loops(loops: list[Sequenced]) -> Array:
    """Of loops that were sequenced."""
    return np.concatenate([features_of(loop.sounds[None]) for loop in loops])


def features_of_weights(weights: Array, basis: Basis) -> Array:
    """Of loops that a generator has made."""
    return np.concatenate([features_of(basis.sounds(some[None])) for some in weights])
