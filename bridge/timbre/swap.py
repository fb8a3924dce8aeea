"""One note's pitch with another's timbre: the second is played at the first's pitch and keeps its own colour.

The note whose timbre is wanted is transposed by resampling, which moves its resonances too; its spectrogram
is then brought back under the outline and to the length that it had. Griffin and Lim's method finds a phase.
"""

import importlib.util
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.ndimage
import soxr

from tsumami.engine.errors import ParameterError
from tsumami.engine.timbre.features import SAMPLE_RATE, Samples
from tsumami.plugins.match.pitch import frequency_hz

N_FFT: Final = 2048
HOP: Final = 256
MOST_SEMITONES: Final = 36.0

_ITERATIONS: Final = 48
_PEAK: Final = 0.7
"""Of the sound that is written."""
_SMALLEST: Final = 1e-6
_MOST_GAIN: Final = 30.0
"""By which a bin may be raised to the outline."""

Magnitudes = npt.NDArray[np.float32]


def check_phase() -> None:
    """Raise `ParameterError` where librosa, which finds the phase, is not installed."""
    if importlib.util.find_spec("librosa") is None:
        raise ParameterError("librosa must be installed to swap, got none; pip install 'tsumami[timbre]'")


def swapped(sound: Samples, note: float, wanted: float) -> Samples:
    """A sound ``[frames]`` of the MIDI ``note`` as it would be at the note ``wanted``; both with fractions.

    Raises `ParameterError` for notes that are more than three octaves apart.
    """
    import librosa

    if abs(wanted - note) > MOST_SEMITONES:
        raise ParameterError(
            f"pitches must be at most {MOST_SEMITONES:g} semitones apart, got {abs(wanted - note):.0f}"
        )
    speed = 2.0 ** ((wanted - note) / 12.0)
    faster = np.asarray(soxr.resample(sound, SAMPLE_RATE * speed, SAMPLE_RATE, quality="VHQ"), np.float32)
    before, after = (np.abs(librosa.stft(some, n_fft=N_FFT, hop_length=HOP)) for some in (sound, faster))
    made = librosa.griffinlim(
        coloured(stretched(after, before.shape[1]), before, frequency_hz(max(note, wanted))),
        n_iter=_ITERATIONS,
        hop_length=HOP,
        n_fft=N_FFT,
        random_state=0,
    )
    return np.asarray(_PEAK * made / max(float(np.abs(made).max(initial=0.0)), _SMALLEST), np.float32)


def stretched(magnitudes: Magnitudes, frames: int) -> Magnitudes:
    """Spectra ``[bins, n]`` over another number of frames."""
    count = magnitudes.shape[1]
    return np.asarray(
        scipy.ndimage.map_coordinates(
            magnitudes,
            np.meshgrid(np.arange(len(magnitudes)), np.linspace(0.0, count - 1.0, frames), indexing="ij"),
            order=1,
        ),
        np.float32,
    )


def coloured(magnitudes: Magnitudes, like: Magnitudes, pitch_hz: float) -> Magnitudes:
    """Spectra under the outline of others, which is as fine as harmonics of ``pitch_hz`` allow."""
    width = max(round(pitch_hz * N_FFT / SAMPLE_RATE), 1)
    gain = np.minimum(outline(like, width) / (outline(magnitudes, width) + _SMALLEST), _MOST_GAIN)
    return np.asarray(magnitudes * gain, np.float32)


def outline(magnitudes: Magnitudes, width: int) -> Magnitudes:
    """The highest of so many bins around each, smoothed over as many."""
    highest = scipy.ndimage.maximum_filter1d(magnitudes, width + 1, axis=0)
    return np.asarray(scipy.ndimage.uniform_filter1d(highest, width + 1, axis=0), np.float32)
