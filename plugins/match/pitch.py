"""The pitch of a steady tone, by the normalised square difference (McLeod and Wyvill 2005)."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.signal

Samples = npt.NDArray[np.float32]
_Curve = npt.NDArray[np.float64]

LOWEST_HZ: Final = 32.0
HIGHEST_HZ: Final = 2_000.0

_WINDOW_SECONDS: Final = 0.16  # five periods of the lowest
_CLARITY: Final = 0.85
_FIRST_OF: Final = 0.9
"""The first maximum counts that reaches so much of the highest: later ones are multiples of a period."""
_QUIET: Final = 0.03  # -30 dB
_SHARE: Final = 0.6
_SAME_SEMITONES: Final = 0.5
_MISSING: Final = 0.018  # -35 dB
_HOLE: Final = 0.1  # -20 dB
_PARTIALS: Final = 8
_AROUND: Final = 0.03
"""Partials are looked for so far beside their places, as a share of the fundamental."""


def pitch_hz(samples: Samples, sample_rate: float) -> float | None:
    """Fundamental frequency, 32-2,000 Hz; None where most of the sound has not one and the same.

    >>> import numpy as np
    >>> round(pitch_hz(np.sin(2 * np.pi * 220 * np.arange(8000) / 8000), 8000))
    220
    """
    size = round(_WINDOW_SECONDS * sample_rate)
    if len(samples) < size:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(samples, np.float64), size)[:: size // 2]
    levels = np.sqrt((windows**2).mean(axis=1))
    loud = windows[levels > _QUIET * levels.max()]
    found = [_window_pitch(window - window.mean(), sample_rate) for window in loud]
    notes = np.array([note_of(hz) for hz in found if hz is not None])
    if not len(notes):
        return None
    middle = float(np.median(notes))
    agree = np.count_nonzero(np.abs(notes - middle) < _SAME_SEMITONES)
    hz = frequency_hz(middle)
    return hz if agree >= _SHARE * len(found) and not _is_chord(samples, sample_rate, hz) else None


def note_of(pitch_hz: float) -> float:
    """MIDI note of a frequency, with its fraction; 440 Hz is 69."""
    return 69.0 + 12.0 * math.log2(pitch_hz / 440.0)


def frequency_hz(note: float) -> float:
    """Frequency of a MIDI note."""
    return float(440.0 * 2.0 ** ((note - 69.0) / 12.0))


def _window_pitch(window: _Curve, sample_rate: float) -> float | None:
    curve = _likeness(window)
    shortest, longest = int(sample_rate / HIGHEST_HZ), int(sample_rate / LOWEST_HZ)
    negative = np.flatnonzero(curve[:longest] < 0.0)
    begin = max(shortest, int(negative[0])) if len(negative) else longest
    part = curve[begin : longest + 2]
    peaks, _ = scipy.signal.find_peaks(part, height=0.0)
    if not len(peaks) or part[peaks].max() < _CLARITY:
        return None
    peak = begin + int(peaks[part[peaks] >= _FIRST_OF * part[peaks].max()][0])
    return sample_rate / (peak + _offset(curve[peak - 1 : peak + 2]))


def _is_chord(samples: Samples, sample_rate: float, hz: float) -> bool:
    """Whether a sound that repeats at ``hz`` is of several notes, whose common period that is.

    A major triad is the fourth, fifth and sixth partial of such a period and theirs: the first is not there,
    nor the seventh between stronger ones.
    """
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    places = np.fft.rfftfreq(len(samples), 1.0 / sample_rate) / hz

    def partial(number: int) -> float:
        near = spectrum[np.abs(places - number) < _AROUND * max(number, 4)]
        return float(near.max(initial=0.0))

    if partial(1) > _MISSING * spectrum.max():
        return False
    levels = [partial(number) for number in range(2, _PARTIALS + 1)]
    return max(levels) < _MISSING * spectrum.max() or any(
        levels[number] < _HOLE * min(max(levels[:number]), max(levels[number + 1 :]))
        for number in range(1, len(levels) - 1)
    )


def _likeness(window: _Curve) -> _Curve:
    """How like itself the window is after each lag, 1 for the same; ``[frames]``."""
    size = len(window)
    spectrum = np.fft.rfft(window, 2 * size)
    products = np.fft.irfft(np.abs(spectrum) ** 2)[:size]
    squares = np.concatenate([[0.0], np.cumsum(window**2)])
    lags = np.arange(size)
    energies = squares[size - lags] + squares[size] - squares[lags]
    return np.asarray(2.0 * products / np.maximum(energies, 1e-12), np.float64)


def _offset(around: _Curve) -> float:
    """Where between its neighbours a maximum lies, by a parabola: -0.5 to 0.5."""
    left, middle, right = around
    bend = left - 2.0 * middle + right
    return float(0.5 * (left - right) / bend) if bend else 0.0
