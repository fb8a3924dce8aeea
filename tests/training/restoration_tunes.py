"""Small music of our own for the tests of restoration."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from tsumami.training.restoration.predictor import Shape
from tsumami.training.restoration.schedule import Schedule
from tsumami.training.restoration.spectra import SAMPLE_RATE, magnitudes, normalised
from tsumami.training.restoration.tunes import Fold, Tune

CHORD_HZ = (220.0, 277.18, 329.63, 440.0)
TINY = Schedule("tiny", 12, 2, 96, 8e-3, 8, Shape(24, 8, 4), 1)
SHORT = replace(TINY, name="short", epochs=4, windows=16)


def chord(seconds: float, seed: int, noise: float = 0.2) -> npt.NDArray[np.float32]:
    """A chord that stands still under noise: what the last frame had of the noise is worth nothing now."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = sum(np.sin(2.0 * np.pi * (hz * time + rng.random())) for hz in CHORD_HZ)
    return (0.1 * tones + noise * rng.standard_normal(len(time))).astype(np.float32)


def tune(name: str, seconds: float, seed: int) -> Tune:
    return Tune(name, normalised(magnitudes(chord(seconds, seed))))


def fold(seconds: float = 2.0) -> Fold:
    return Fold((tune("one", seconds, 1), tune("two", seconds, 2)), tune("three", seconds, 3))


def write_tunes(folder: Path, seconds: float = 1.0) -> Path:
    """Three files, of different rates and numbers of channels."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, rate, channels) in enumerate(
        (("one", 16_000, 1), ("two", 44_100, 2), ("three", 8000, 1))
    ):
        samples = chord(seconds * rate / SAMPLE_RATE, seed)
        soundfile.write(folder / f"{name}.wav", np.repeat(samples[:, None], channels, axis=1), rate)
    return folder
