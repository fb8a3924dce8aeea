"""A sound file as models hear it: one channel at their rate, from where the sound begins."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from tsumami.engine.errors import SoundError
from tsumami.plugins.match.mel import BANDS, LENGTH, SAMPLE_RATE, bands_below, mel_power
from tsumami.plugins.match.pitch import pitch_hz

Samples = npt.NDArray[np.float32]

SILENT_LEVEL: Final = 1e-3
"""What never passes -60 dBFS is silence."""
LOWEST_RATE_HZ: Final = 4_000

_SCAN_SECONDS: Final = 60.0
"""How far the file is looked through for its loudest moment, after the first that is not silence."""
_STEP_SECONDS: Final = 0.005
_ONSET: Final = 0.01
"""A sound begins where it passes -40 dB of its loudest moment: over the noise of most rooms."""
_AT_ONCE: Final = 2
_RAMP_SECONDS: Final = 0.25
_RAMP: Final = 0.1
_RISE: Final = 0.75
_CANCELLED: Final = 0.01
_PASS_BAND: Final = 0.9
"""Part of a low rate's frequencies that the resampler leaves as they are."""


@dataclass(frozen=True)
class HeardSound:
    """What is heard of a file: ``samples`` float32 ``[frames]`` at `SAMPLE_RATE`, at most 3.7 s.

    ``onset_seconds`` is where in the file they begin, ``file_rate_hz`` its sample rate.
    """

    samples: Samples
    onset_seconds: float
    file_rate_hz: int

    @cached_property
    def mel(self) -> npt.NDArray[np.float32]:
        """Linear mel power, float32 ``[64, 80]``."""
        return mel_power(self.samples)

    @cached_property
    def pitch_hz(self) -> float | None:
        """Fundamental frequency of its first second; None where there is no clear one."""
        return pitch_hz(self.samples[:SAMPLE_RATE], SAMPLE_RATE)

    @property
    def bands(self) -> int:
        """How many mel bands, from the lowest, the file's rate leaves room for."""
        if self.file_rate_hz >= SAMPLE_RATE:
            return BANDS
        return bands_below(_PASS_BAND * self.file_rate_hz / 2)

    def transposed(self, semitones: float) -> "HeardSound":
        """The same at another speed, so that it is higher by ``semitones``, and as much shorter."""
        speed = 2.0 ** (semitones / 12.0)
        samples = _resampled(self.samples, SAMPLE_RATE * speed)
        return HeardSound(samples, self.onset_seconds, self.file_rate_hz)


def read_sound(
    path: str | Path, gain_db: float = 0.0, most_seconds: float = LENGTH / SAMPLE_RATE
) -> HeardSound:
    """Read a sound of any rate, length and number of channels; no more of it than is heard.

    Silence before the sound is left out, and of what follows ``most_seconds`` are kept. Raises `SoundError`
    for a file that is no sound, is silent, or holds what is no number.
    """
    path, gain = Path(path), 10.0 ** (gain_db / 20.0)
    try:
        with soundfile.SoundFile(path) as file:
            return _heard(file, path, gain, min(round(most_seconds * SAMPLE_RATE), LENGTH))
    except (OSError, RuntimeError, TypeError, ValueError) as error:  # libsndfile's own is a RuntimeError
        reason = path.is_file() and "not one of the formats that libsndfile reads"
        raise SoundError(
            f"sound must be an audio file such as WAV, FLAC, OGG or MP3, got {path} "
            f"({reason or getattr(error, 'strerror', None) or 'no such file'})"
        ) from error


def _heard(file: Any, path: Path, gain: float, length: int) -> HeardSound:
    rate = int(file.samplerate)
    if rate < LOWEST_RATE_HZ:
        raise SoundError(f"sample rate must be at least {LOWEST_RATE_HZ} Hz, got {rate} in {path}")
    onset = _onset(_levels(file, path, gain), path)
    first = onset * _step(rate)
    file.seek(first)
    frames = file.read(-(-length * rate // SAMPLE_RATE) + _step(rate), dtype="float32", always_2d=True)
    _check_finite(frames, first, rate, path)
    samples = _resampled(_mono(frames) * np.float32(gain), rate)[:length]
    return HeardSound(samples, first / rate, rate)


def _step(rate: int) -> int:
    return max(round(_STEP_SECONDS * rate), 1)


def _levels(file: Any, path: Path, gain: float) -> Iterator[float]:
    """The root mean square of every 5 ms, in the loudest channel, as far as the file is looked through."""
    step, steps_left = _step(file.samplerate), None
    done = 0
    while len(frames := file.read(200 * step, dtype="float32", always_2d=True)):
        _check_finite(frames, done, file.samplerate, path)
        done += len(frames)
        squares = np.pad(frames**2, ((0, -len(frames) % step), (0, 0))).reshape(-1, step, file.channels)
        levels = gain * np.sqrt(squares.mean(axis=1).max(axis=1))
        yield from map(float, levels)
        if steps_left is None and levels.max() > SILENT_LEVEL:
            steps_left = _SCAN_SECONDS / _STEP_SECONDS
        elif steps_left is not None:
            steps_left -= len(levels)
            if steps_left <= 0:
                return


def _onset(levels: Iterator[float], path: Path) -> int:
    """The step in which the sound begins."""
    found = np.fromiter(levels, np.float64)
    if not len(found):
        raise SoundError(f"sound must have samples, got none in {path}")
    if found.max() <= SILENT_LEVEL:
        raise SoundError(
            f"sound must pass {20 * np.log10(SILENT_LEVEL):.0f} dBFS somewhere, "
            f"got silence in {path}; --gain DB makes it louder"
        )
    threshold = max(_ONSET * found.max(), SILENT_LEVEL)
    first = int(np.argmax(found >= threshold))
    return 0 if _begins_at_once(found, first, threshold) else first


def _begins_at_once(levels: npt.NDArray[np.float64], first: int, threshold: float) -> bool:
    """Whether a file begins with its sound, which may swell: then nothing stands before it to leave out."""
    if first <= _AT_ONCE or first * _STEP_SECONDS > _RAMP_SECONDS:
        return first <= _AT_ONCE
    earlier, later = levels[first // 4], levels[first // 2]
    return bool(later > _RAMP * threshold and earlier < _RISE * later)


def _check_finite(frames: Samples, first: int, rate: int, path: Path) -> None:
    is_finite = np.isfinite(frames).all(axis=1)
    if not is_finite.all():
        seconds = (first + int(np.argmin(is_finite))) / rate
        raise SoundError(f"samples must be finite numbers, got one that is not at {seconds:.3f} s of {path}")


def _mono(frames: Samples) -> Samples:
    """The mean of the channels; the loudest one where they cancel each other."""
    mean = np.asarray(frames.mean(axis=1), np.float32)
    peaks = np.abs(frames).max(axis=0, initial=0.0)
    if np.abs(mean).max(initial=0.0) < _CANCELLED * peaks.max():
        return np.asarray(frames[:, int(peaks.argmax())], np.float32)
    return mean


def _resampled(samples: Samples, rate: float) -> Samples:
    if rate == SAMPLE_RATE:
        return samples
    return np.asarray(soxr.resample(samples, rate, SAMPLE_RATE, quality="VHQ"), np.float32)
