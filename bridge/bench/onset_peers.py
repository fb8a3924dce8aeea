"""aubio's onset detection as a peer: its own program `aubioonset` (Debian's aubio-tools), run on a file.

Its settings are searched, and a constant bias is taken off its times, so that it is shown at its best.
"""

import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from tsumami.engine.errors import ParameterError

Times = npt.NDArray[np.float64]
Audio = npt.NDArray[np.float32]

_PROGRAM: Final = "aubioonset"
_METHODS: Final = ("hfc", "complex", "specflux", "energy", "mkl")
_THRESHOLDS: Final = (0.1, 0.3, 0.6)
_SIZES: Final = ((512, 64), (512, 128), (1024, 256))
_SHORTEST_GAP_SECONDS: Final = "0.02"
_SILENCE_DB: Final = "-70"


@dataclass(frozen=True, slots=True)
class Setting:
    """How aubio is run."""

    method: str
    threshold: float
    window: int
    hop: int
    bias_seconds: float = 0.0

    def __str__(self) -> str:
        return f"aubio {self.method} {self.window}/{self.hop}, threshold {self.threshold:g}"


def check_aubio() -> None:
    """Raise `ParameterError` where aubio's program is not installed."""
    if shutil.which(_PROGRAM) is None:
        raise ParameterError(
            f"{_PROGRAM} must be installed to compare with, got none; apt install aubio-tools"
        )


def settings() -> Iterator[Setting]:
    """All that are searched."""
    for method, threshold, (window, hop) in itertools.product(_METHODS, _THRESHOLDS, _SIZES):
        yield Setting(method, threshold, window, hop)


def onsets(audio: Audio, sample_rate: int, setting: Setting) -> Times:
    """Times of onsets in seconds, its bias taken off."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        soundfile.write(path, audio, sample_rate, "FLOAT")
        words = [_PROGRAM, "-i", str(path), "-r", str(sample_rate), "-O", setting.method]
        words += ["-t", str(setting.threshold), "-B", str(setting.window), "-H", str(setting.hop)]
        words += ["-M", _SHORTEST_GAP_SECONDS, "-s", _SILENCE_DB]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
    return np.array([float(line) for line in done.stdout.split()]) - setting.bias_seconds


def best_setting(
    sounds: Sequence[tuple[Audio, Times]],
    sample_rate: int,
    count_f: Callable[[Times, Times], float],
    off: Callable[[Times, Times], Times],
) -> Setting:
    """The setting whose mean ``count_f(true, found)`` is highest, its bias being the median of ``off``."""
    best, highest = None, -1.0
    for setting in settings():
        found = [onsets(audio, sample_rate, setting) for audio, _ in sounds]
        errors = np.concatenate([off(true, times) for (_, true), times in zip(sounds, found, strict=True)])
        bias = float(np.median(errors)) if len(errors) else 0.0
        pairs = zip(sounds, found, strict=True)
        mean = float(np.mean([count_f(true, times - bias) for (_, true), times in pairs]))
        if mean > highest:
            highest = mean
            best = Setting(setting.method, setting.threshold, setting.window, setting.hop, bias)
    assert best is not None
    return best
