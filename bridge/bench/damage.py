"""Damage done to sound on purpose, by seed, for `bench detection` and tests."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.bridge.restoration.trace import runs_of
from tsumami.engine.restoration.detection_damage import Damage, DamageKind

Audio = npt.NDArray[np.float32]
Places = Iterator[tuple[int, float]]

PACKET_SECONDS: Final = (0.0015, 0.003, 0.006, 0.012, 0.024)
"""Lost at a time."""

_LEAST_FRAMES: Final = 64
_EVERY_SECONDS: Final = 0.5
_FIRST_SECONDS: Final = 0.2
_MOST_IN_A_ROW: Final = 3
_CLICK_SAMPLES: Final = 8
_QUIETEST: Final = 1e-3
"""Level of sound that is damaged: what is done to silence nobody hears."""
_PARTS: Final = 4
"""Of a stretch of the longest damage, none of which may be silent."""
_CLIPPED: Final = 0.5
"""Of the loudest sample."""


def _places(sound: Audio, sample_rate: int, rng: np.random.Generator) -> Places:
    """One place in each half of a second or so, and the level there; not where it is silent."""
    step = round(_EVERY_SECONDS * sample_rate)
    longest = _MOST_IN_A_ROW * max(round(PACKET_SECONDS[-1] * sample_rate), _LEAST_FRAMES)
    for first in range(round(_FIRST_SECONDS * sample_rate), len(sound) - 2 * step, step):
        at = first + int(rng.integers(0, step - 2 * longest))
        around = sound[at - longest : at + 2 * longest]
        levels = [float(np.sqrt(np.mean(np.square(part)))) for part in np.array_split(around, 3 * _PARTS)]
        if min(levels) >= _QUIETEST:
            yield at, float(np.mean(levels))


def _packets(sample_rate: int, rng: np.random.Generator) -> tuple[int, int]:
    """Frames of a packet, and how many are lost in a row."""
    frames = round(float(rng.choice(PACKET_SECONDS)) * sample_rate)
    return max(frames, _LEAST_FRAMES), int(rng.integers(1, _MOST_IN_A_ROW + 1))


def zeros(sound: Audio, sample_rate: int, seed: int) -> tuple[Audio, list[Damage]]:
    """``sound`` ``[frames, channels]`` with packets that are silent, and which they are."""
    rng = np.random.default_rng(seed)
    damaged, done = sound.copy(), []
    for at, _ in _places(sound, sample_rate, rng):
        packet, times = _packets(sample_rate, rng)
        frames = packet * times
        damaged[at : at + frames] = 0.0
        done.append(Damage(at, at + frames, DamageKind.ZEROS))
    return damaged, done


def repeats(sound: Audio, sample_rate: int, seed: int) -> tuple[Audio, list[Damage]]:
    """The same with packets in whose place the one before them is heard again."""
    rng = np.random.default_rng(seed)
    damaged, done = sound.copy(), []
    for at, _ in _places(sound, sample_rate, rng):
        packet, times = _packets(sample_rate, rng)
        damaged[at : at + packet * times] = np.tile(sound[at - packet : at], (times, 1))
        done.append(Damage(at, at + packet * times, DamageKind.REPEATS))
    return damaged, done


def clicks(height: float) -> Callable[[Audio, int, int], tuple[Audio, list[Damage]]]:
    """The same with clicks of one to eight samples of noise, whose peak is ``height`` times the level there.

    All channels have the same click.
    """

    def click(sound: Audio, sample_rate: int, seed: int) -> tuple[Audio, list[Damage]]:
        rng = np.random.default_rng(seed)
        damaged, done = sound.copy(), []
        for at, level in _places(sound, sample_rate, rng):
            noise = rng.uniform(-1.0, 1.0, int(rng.integers(1, _CLICK_SAMPLES + 1)))
            noise *= height * level / np.abs(noise).max()
            damaged[at : at + len(noise)] += noise[:, None].astype(np.float32)
            done.append(Damage(at, at + len(noise), DamageKind.CLICKS))
        return damaged, done

    return click


def clips(sound: Audio, sample_rate: int, seed: int) -> tuple[Audio, list[Damage]]:  # noqa: ARG001
    """The same, cut off at half of its loudest sample, and where that is so for three samples and more."""
    limit = np.float32(_CLIPPED * np.abs(sound).max())
    done = []
    for channel, samples in enumerate(sound.T):
        for side in (samples, -samples):
            done += [
                Damage(begin, end, DamageKind.CLIPS, channel if sound.shape[1] > 1 else None)
                for begin, end in runs_of(side >= limit).tolist()
                if end - begin >= 3
            ]
    return np.clip(sound, -limit, limit), done
