"""One note's pitch with another's timbre: the second's harmonics and noise, drawn anew at the first's pitch.

In every frame of the note whose timbre is wanted the amplitudes of its harmonics make one outline over
frequency, and what lies between them another. The harmonics of the wanted pitch are drawn under the first
with the window's main lobe, noise under the second, so that resonances stay where they were. Griffin and
Lim's method finds a phase. The pitch stays still: a vibrato is heard in the outlines alone.
"""

import importlib.util
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.engine.timbre.features import SAMPLE_RATE, Samples
from tsumami.plugins.match.pitch import frequency_hz

N_FFT: Final = 2048
HOP: Final = 256
MOST_SEMITONES: Final = 36.0

_ITERATIONS: Final = 32
_PEAK: Final = 0.7
"""Of the sound that is made."""
_SMALLEST: Final = 1e-6
_LOBE: Final = 2.0
"""Bins from the middle of a Hann window's main lobe to its first zero."""

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
    frames, sound = len(sound), np.pad(sound, (0, max(N_FFT - len(sound), 0)))
    hiss = np.random.default_rng(0).standard_normal(len(sound)).astype(np.float32)
    heard, noise = (np.abs(librosa.stft(some, n_fft=N_FFT, hop_length=HOP)) for some in (sound, hiss))
    drawn = redrawn(heard, noise / np.sqrt(np.square(noise).mean()), _bins_of(note), _bins_of(wanted))
    made = librosa.griffinlim(
        drawn, n_iter=_ITERATIONS, hop_length=HOP, n_fft=N_FFT, length=len(sound), random_state=0
    )[:frames]
    return np.asarray(_PEAK * made / max(float(np.abs(made).max(initial=0.0)), _SMALLEST), np.float32)


def redrawn(heard: Magnitudes, noise: Magnitudes, spacing: float, wanted: float) -> Magnitudes:
    """Magnitudes ``[bins, frames]`` with harmonics every ``spacing`` bins, as they would be every ``wanted``.

    ``noise`` is of the same shape, of mean square 1.
    """
    harmonics, floors = outlines(heard, spacing)
    places = wanted * np.arange(1, int((len(heard) - _LOBE - 1) / wanted) + 1)
    bins = np.arange(len(heard))
    tones = main_lobe(bins[:, None] - places) @ _read(harmonics, places / spacing - 1.0)
    rest = noise * _read(floors, bins / spacing - 0.5)
    return np.asarray(np.hypot(tones, rest), np.float32)


def outlines(heard: Magnitudes, spacing: float) -> tuple[Magnitudes, Magnitudes]:
    """Amplitudes of every harmonic, and of the noise half a harmonic below each, ``[harmonics, frames]``."""
    numbers = range(1, max(int((len(heard) - 1) / spacing - 0.5), 1) + 1)
    peaks = [_around(heard, number * spacing, max(spacing / 4, _LOBE)).max(0) for number in numbers]
    floors = [
        np.sqrt(np.square(_around(heard, (number - 0.5) * spacing, spacing / 6)).mean(0))
        for number in numbers
    ]
    noise = np.stack(floors)
    return np.sqrt(np.maximum(np.square(np.stack(peaks)) - np.square(noise), 0.0)), noise


def main_lobe(bins: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What a Hann window makes of a sine so many bins away, 1 at none and nothing beyond the main lobe."""
    away = np.minimum(np.abs(bins), _LOBE)
    return np.asarray(np.sinc(away) + 0.5 * (np.sinc(away - 1.0) + np.sinc(away + 1.0)))


def _around(heard: Magnitudes, middle: float, width: float) -> Magnitudes:
    low, high = (min(max(round(place), 0), len(heard) - 1) for place in (middle - width, middle + width))
    return heard[low : high + 1]


def _read(outline: Magnitudes, rows: npt.NDArray[Any]) -> Magnitudes:
    """Rows of an outline ``[n, frames]`` in between, along straight lines of its logarithm."""
    places = rows.clip(0.0, len(outline) - 1.0)
    below = places.astype(np.int64).clip(0, max(len(outline) - 2, 0))
    above = (below + 1).clip(0, len(outline) - 1)
    logs = np.log(outline + _SMALLEST)
    share = (places - below)[:, None]
    return np.asarray(np.exp(logs[below] * (1.0 - share) + logs[above] * share), np.float32)


def _bins_of(note: float) -> float:
    """Of the fundamental."""
    return frequency_hz(note) * N_FFT / SAMPLE_RATE
