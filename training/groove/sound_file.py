"""Sound files as the trainings take them."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr


def read_mono(path: Path, sample_rate: int) -> npt.NDArray[np.float32]:
    """The mean of a file's channels, float32 ``[frames]`` at ``sample_rate`` Hz."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(audio.mean(axis=1), rate, sample_rate), np.float32)
