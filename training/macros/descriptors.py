"""What a word for a sound means in numbers: one descriptor for each macro, and loudness.

Few patches have tags given by people, so the macros are learned from weak labels: descriptors measured
on the rendered audio. They are definitions, chosen to follow the words, not the words themselves; the
model card says so. All grow with the word (bright, not dark), all are continuous, and all but loudness
ignore the level. The note is middle C, held 3.5 of 4 s; "long" hears a second one, held 0.5 s.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from tsumami.training.macros.mel import FREQUENCIES_HZ, HOP, SAMPLE_RATE

Array = npt.NDArray[np.float32]


class Descriptor(NamedTuple):
    """A descriptor: the macro that it is for, the words of the knob's ends, its unit and its definition."""

    name: str
    low: str
    unit: str
    meaning: str


DESCRIPTORS: Final = (
    Descriptor("bright", "dark", "octave", "spectral centroid, log2 of Hz, weighted by energy"),
    Descriptor(
        "aggressive",
        "calm",
        "point",
        "bite, the dB of 1.5-6 kHz over what is below, / 18 + density, the dB of RMS over peak, / 3.5",
    ),
    Descriptor("moving", "static", "octave", "log2 of the dB by which 16 bands swing about their trend"),
    Descriptor("percussive", "soft", "octave", "-log2 of the energy's mean time in the first second"),
    Descriptor("long", "short", "octave", "log2 of the seconds in which a short note falls by 30 dB"),
    Descriptor(
        "thick",
        "thin",
        "point",
        "body, the dB of all below 400 Hz, / 15 + blur, the dB of what stands 4-30 Hz beside a partial, / 6",
    ),
    Descriptor("noisy", "clean", "dB", "spectral flatness within bands of 525 Hz, weighted by energy"),
    Descriptor("wide", "narrow", "dB", "side over mid"),
    Descriptor("loudness", "quiet", "dB", "A-weighted power of the loudest half second"),
)
"""The eight macros in the order of their knobs, then what no knob should move."""

MACROS: Final = 8
SHORT_HOLD_SECONDS: Final = 0.5
SHORT_LENGTH_SECONDS: Final = 3.0
SHORT_SAMPLE_RATE: Final = 11_025

_HELD_FRAMES = int(3.5 * SAMPLE_RATE) // HOP - 1
_TINY = 1e-9
_LEAST_SHARE = 1e-6  # -60 dB: what is weaker than this beside the rest is not heard
_RANGE = np.searchsorted(FREQUENCIES_HZ, [30, 400, 1500, 6000])


def describe(sound: Array, power: Array, short: Array) -> Array:
    """All `DESCRIPTORS` of a patch, float32 ``[len(DESCRIPTORS)]``, always finite.

    ``sound`` is the long note ``[2, samples]``, ``power`` its spectra ``[2, frames, bins]`` (see
    `tsumami.training.macros.mel.power_frames`), ``short`` the short one at `SHORT_SAMPLE_RATE`.
    """
    held = power[:, :_HELD_FRAMES].mean(0) + _TINY
    energy = held.sum(1)
    return np.array(
        [
            _brightness(held, energy),
            _bite(held) / 18 + _density(sound, energy) / 3.5,
            _movement(held, energy),
            _earliness(sound),
            _length(short),
            _body(held) / 15 + _blur(sound) / 6,
            _noisiness(held),
            _width(sound),
            _loudness(held),
        ],
        np.float32,
    )


def _db(ratio: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return 10.0 * np.log10(np.asarray(ratio, np.float64))


def _brightness(held: Array, energy: Array) -> float:
    magnitude = np.sqrt(held)
    centroid = magnitude @ FREQUENCIES_HZ / magnitude.sum(1)
    return float(np.average(np.log2(centroid + 20.0), weights=energy))


def _bite(held: Array) -> float:
    low, _, middle, high = _RANGE
    spectrum = held.sum(0)
    below, above = spectrum[low:middle].sum(), spectrum[middle:high].sum()
    return float(_db((above + _LEAST_SHARE * below) / (below + _LEAST_SHARE * above)))


def _density(sound: Array, energy: Array) -> float:
    """RMS over peak of pieces of one hop, weighted by energy; distortion squeezes it towards 0 dB."""
    pieces = sound[:, : len(energy) * HOP].reshape(2, len(energy), HOP)
    squares = pieces**2
    ratio = (squares.mean(-1) + _TINY) / (squares.max(-1) + _TINY)
    return float(np.average(_db(ratio).mean(0), weights=energy))


_EDGES = np.searchsorted(FREQUENCIES_HZ, np.geomspace(60.0, 10_500.0, 17))
_SKIPPED_FRAMES = 3  # of the attack
_TREND = np.linspace(-1, 1, _HELD_FRAMES)[:, None] ** np.arange(4)


def _movement(held: Array, energy: Array) -> float:
    """Swing of the bands' levels about cubic trends; at 21.5 frames a second it hears 0.5 to 11 Hz."""
    bands = np.add.reduceat(held, _EDGES, axis=1)[:, :-1]
    level = _db(bands + _LEAST_SHARE * energy.max())
    weight = (energy / energy.max()) ** 0.3
    weight[:_SKIPPED_FRAMES] = 0.0
    weighted = _TREND * weight[:, None]
    solved = np.linalg.solve(_TREND.T @ weighted + 1e-6 * np.eye(_TREND.shape[1]), weighted.T @ level)
    swing = weight @ (level - _TREND @ solved) ** 2 / weight.sum()
    return float(np.log2(np.sqrt(np.average(swing, weights=bands.sum(0) ** 0.3)) + 0.1))


_PIECE = 245  # samples: 11 ms, a ninetieth of a second


def _earliness(sound: Array) -> float:
    pieces = (sound[:, :SAMPLE_RATE] ** 2).sum(0).reshape(-1, _PIECE).sum(1) + _TINY
    times = (np.arange(len(pieces)) + 0.5) * _PIECE / SAMPLE_RATE
    return float(-np.log2(np.average(times, weights=pieces)))


_SHORT_PIECE = 210  # samples: 19 ms
_FALL_DB = 30.0
_LONGEST_SECONDS = 12.0


def _length(short: Array) -> float:
    """Time of the last crossing of 30 dB below the peak, extrapolated along the last half second."""
    count = short.shape[1] // _SHORT_PIECE
    pieces = (short[:, : count * _SHORT_PIECE] ** 2).sum(0).reshape(count, -1).mean(1)
    level = _db(pieces + _TINY)
    step = _SHORT_PIECE / SHORT_SAMPLE_RATE
    limit = level.max() - _FALL_DB
    last = int(np.flatnonzero(level >= limit)[-1])
    if last + 1 < count:
        seconds = step * (last + (level[last] - limit) / max(level[last] - level[last + 1], 0.1))
    else:
        reach = round(0.5 / step)
        slope = max((level[-1 - reach] - level[-1]) / (reach * step), 1.0)
        seconds = step * last + (level[-1] - limit) / slope
    return float(np.log2(min(max(seconds, step), _LONGEST_SECONDS)))


def _body(held: Array) -> float:
    low, high = _RANGE[:2]
    spectrum = held.sum(0)
    return float(_db(spectrum[low:high].sum() / spectrum.sum() + 1e-4))


_BLUR_SPAN = 32_768  # samples: 1.5 s
_BLUR_START = int(0.3 * SAMPLE_RATE)
_BLUR_HANN = np.hanning(_BLUR_SPAN).astype(np.float32)
_BIN_HZ = SAMPLE_RATE / _BLUR_SPAN
_PEAK_BINS, _SIDE_BINS = round(8.0 / _BIN_HZ), round(60.0 / _BIN_HZ)


def _blur(sound: Array) -> float:
    """What detuned voices, chorus and vibrato spread about each partial, beside the partial itself."""
    spectra = np.fft.rfft(sound[:, _BLUR_START : _BLUR_START + _BLUR_SPAN] * _BLUR_HANN)
    power = (spectra.real**2 + spectra.imag**2).sum(0) + _TINY
    around = uniform_filter1d(power, _SIDE_BINS) * _SIDE_BINS
    partial = maximum_filter1d(uniform_filter1d(power, _PEAK_BINS) * _PEAK_BINS, _SIDE_BINS)
    return float(_db(np.maximum(around - partial, 0.0).sum() / around.sum() + 1e-4))


_SLICE = round(525.0 / FREQUENCIES_HZ[1])
_SLICES = 16


def _noisiness(held: Array) -> float:
    """0 dB is noise, whatever its colour; slices of two octave-less harmonics each keep colour out."""
    slices = held[:, 4 : 4 + _SLICE * _SLICES].reshape(len(held), _SLICES, _SLICE)
    floor = _LEAST_SHARE * held.sum(1).max() / held.shape[1]
    flatness = np.log(slices + floor).mean(-1) - np.log(slices.mean(-1) + floor)
    return float(10.0 / np.log(10.0) * np.average(flatness, weights=slices.sum(-1)))


def _width(sound: Array) -> float:
    mid, side = sound[0] + sound[1], sound[0] - sound[1]
    return float(_db((side**2).sum() / ((mid**2).sum() + _TINY) + 1e-4))


def _a_weighting() -> Array:
    """Power gains of IEC 61672's curve A at the bins."""
    square = FREQUENCIES_HZ.astype(np.float64) ** 2
    gain = 12194.0**2 * square**2 / (square + 20.6**2) / (square + 12194.0**2)
    gain /= np.sqrt((square + 107.7**2) * (square + 737.9**2))
    return ((1.2589 * gain) ** 2).astype(np.float32)


_A_WEIGHTING = _a_weighting()
_LOUDEST_FRAMES = 10


def _loudness(held: Array) -> float:
    heard = np.sort(held @ _A_WEIGHTING)[-_LOUDEST_FRAMES:]
    return float(_db(heard.mean() + 1e-3))
