"""Drums made of decaying tones and noise: a performance whose every hit is known, without any file."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]
Hit = tuple[float, str, float]
"""Seconds, lane, gain."""

_TAIL_SECONDS: Final = 0.4


def drum(lane: str, sample_rate: int, seed: int = 0) -> Audio:
    """One hit, loudest from its first samples on, float32 ``[frames]``."""
    times = np.arange(round(_TAIL_SECONDS * sample_rate)) / sample_rate
    noise = np.random.default_rng(seed).normal(0.0, 1.0, len(times))
    if lane == "kick":
        sweep = 2 * np.pi * (52 * times + 1.6 * (1 - np.exp(-times / 0.02)))
        sound = 0.8 * np.sin(sweep + 0.5) * np.exp(-times / 0.12) + 0.15 * noise * np.exp(-times / 0.003)
    elif lane == "snare":
        wires = np.convolve(noise, np.ones(6) / 6, "same")
        wires -= np.convolve(wires, np.ones(96) / 96, "same")
        tone = np.sin(2 * np.pi * 330 * times) * np.exp(-times / 0.05)
        sound = 0.3 * tone + 0.8 * wires * np.exp(-times / 0.1)
    elif lane == "hat":
        bright = np.diff(np.diff(noise, prepend=0.0), prepend=0.0)
        sound = 0.08 * bright * np.exp(-times / 0.03)
    else:
        sound = 0.7 * np.sin(2 * np.pi * 120 * times + 0.8) * np.exp(-times / 0.15)
        sound += 0.1 * noise * np.exp(-times / 0.004)
    return (sound * np.minimum(1.0, (_TAIL_SECONDS - times) / 0.02)).astype(np.float32)


def play(hits: Sequence[Hit], sample_rate: int, seconds: float | None = None) -> Audio:
    """The hits mixed to mono, each from its time, rounded to the sample, on; with a little noise."""
    length = seconds if seconds is not None else max(time for time, _, _ in hits) + _TAIL_SECONDS
    audio = np.random.default_rng(0).normal(0.0, 1e-5, round(length * sample_rate)).astype(np.float32)
    for number, (time, lane, gain) in enumerate(hits):
        at = round(time * sample_rate)
        sound = drum(lane, sample_rate, number)[: max(len(audio) - at, 0)]
        audio[at : at + len(sound)] += np.float32(0.5 * gain) * sound
    return audio


def rock(bars: int, bpm: float, begin: float = 0.5, late_ms: float = 0.0) -> list[Hit]:
    """Kick on 1 and 3, snare on 2 and 4, hats on eighths: hits in order of time."""
    beat = 60.0 / bpm
    hits: list[Hit] = []
    for bar in range(bars):
        for eighth in range(8):
            time = begin + (4 * bar + eighth / 2) * beat + late_ms / 1000.0
            hits.append((time, "hat", 1.0))
            if eighth in (0, 4):
                hits.append((time, "kick", 1.0))
            if eighth in (2, 6):
                hits.append((time, "snare", 1.0))
    return hits
