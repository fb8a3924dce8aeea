"""A made-up piece of music: decaying chords, drums, and pauses of true silence."""

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]
Samples = npt.NDArray[np.float64]


def melody(seconds: float, sample_rate: int, channels: int = 1, seed: int = 0) -> Audio:
    """Float32 ``[frames, channels]`` below 0.9: a chord every 0.3 s, a drum every 0.2 s, some pauses."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * sample_rate)
    sound = np.zeros((frames, channels))
    for number, at in enumerate(np.arange(0.05, seconds, 0.3)):
        if number % 10 < 8:
            _add(sound, round(at * sample_rate), _chord(sample_rate, rng), rng)
    for number, at in enumerate(np.arange(0.1, seconds, 0.2)):
        if number % 15 < 11:
            _add(sound, round(at * sample_rate), _drum(sample_rate, rng), rng)
    return (0.9 * sound / max(np.abs(sound).max(), 1e-9)).astype(np.float32)


def _add(
    sound: npt.NDArray[np.float64], at: int, note: npt.NDArray[np.float64], rng: np.random.Generator
) -> None:
    room = min(len(note), len(sound) - at)
    sound[at : at + room] += note[:room, None] * rng.uniform(0.3, 1.0, sound.shape[1])


def _chord(sample_rate: int, rng: np.random.Generator) -> Samples:
    """Three tones of some partials for 0.6 s, struck within 2 ms and let go within 30 ms."""
    time = np.arange(round(0.6 * sample_rate)) / sample_rate
    chord = np.zeros(len(time))
    for hz in 110.0 * 2.0 ** rng.uniform(0.0, 3.0, 3):
        for partial in range(1, 9):
            if partial * hz < 0.45 * sample_rate:
                phase = rng.uniform(0.0, 2.0 * np.pi)
                wave = np.sin(2.0 * np.pi * partial * hz * time + phase) * np.exp(-time * 2.0 * partial)
                chord += wave / partial
    struck = 0.5 - 0.5 * np.cos(np.pi * np.minimum(time / 0.002, 1.0))
    let_go = 0.5 - 0.5 * np.cos(np.pi * np.minimum((time[-1] - time) / 0.03, 1.0))
    return np.asarray(chord * struck * let_go)


def _drum(sample_rate: int, rng: np.random.Generator) -> Samples:
    """Noise that begins at once and dies away, over a falling tone."""
    time = np.arange(round(0.25 * sample_rate)) / sample_rate
    noise = rng.standard_normal(len(time)) * np.exp(-time * rng.uniform(30.0, 80.0))
    tone = np.sin(2.0 * np.pi * 60.0 * np.sqrt(time * 10.0)) * np.exp(-time * 15.0)
    return np.asarray((noise + 2.0 * tone) * np.minimum((time[-1] - time) / 0.03, 1.0))
