"""A recording of drums as the hit detector takes it, and what is to be said of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from tsumami.bridge.restoration.sound_file import SoundReader
from tsumami.engine.errors import SoundError
from tsumami.engine.groove.detector import HIGHEST_RATE_HZ, LOWEST_RATE_HZ, Hits, find_hits

Audio = npt.NDArray[np.float32]

_HEARD_AT_HZ: Final = 48_000
_SILENT: Final = 1e-4
_CANCELLED: Final = 0.05
_UNSURE: Final = 0.6
_FEW_A_SECOND: Final = 0.2


@dataclass(frozen=True, slots=True)
class Recording:
    """Hits of a sound file or of a live input, in its own time, `tsumami.engine.groove.HIT_DTYPE`."""

    name: str
    seconds: float
    sample_rate: int
    """Of the hits' samples."""
    hits: Hits
    remarks: tuple[str, ...]
    """What to mind, a sentence each."""
    audio: Audio
    """Mono, float32 ``[frames]`` at `sample_rate`; empty where it was not kept."""

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """When the hits were heard, in seconds."""
        return np.asarray(self.hits["sample"] / self.sample_rate)

    @property
    def lanes(self) -> npt.NDArray[np.int64]:
        """The index of each hit's lane."""
        return np.array(self.hits["lane"])


def hear(path: Path, name: str = "sound") -> Recording:
    """Read a sound file and find its hits; channels are mixed to one.

    Raises `SoundError` where it cannot be read or holds no hits; ``name`` is what the message calls it.
    """
    reader = SoundReader(path)
    try:
        audio = _mixed(reader.to_audio(reader.read(reader.frames)))
    finally:
        reader.close()
    loudest = float(np.abs(audio).max())
    if not np.isfinite(loudest):
        raise SoundError(f"{name} must have numbers as samples, got others in {path}")
    if loudest < _SILENT:
        raise SoundError(f"{name} must have hits of drums, got silence in {path}")
    rate, seconds = reader.sample_rate, len(audio) / reader.sample_rate
    if not LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ:
        audio, rate = np.asarray(soxr.resample(audio, rate, _HEARD_AT_HZ), np.float32), _HEARD_AT_HZ
    hits = find_hits(audio, rate)
    if not len(hits):
        raise SoundError(f"{name} must have hits of drums, got none that is one for sure in {path}")
    remarks = tuple(_remarks(reader.sample_rate, seconds, hits, name))
    return Recording(path.name, seconds, rate, hits, remarks, audio)


def _mixed(channels: Audio) -> Audio:
    """Mono of ``[frames, channels]``: their mean, or the loudest where they cancel each other out."""
    mean = channels.mean(axis=1)
    powers = np.square(channels).mean(axis=0)
    return mean if np.square(mean).mean() >= _CANCELLED * powers.max() else channels[:, powers.argmax()]


def _remarks(rate: int, seconds: float, hits: Hits, name: str) -> Iterator[str]:
    if rate < LOWEST_RATE_HZ:
        yield (
            f"{name} has {rate} samples a second: nothing above {rate / 2000:g} kHz is heard, "
            "so hats may be missing and times are less exact"
        )
    unsure = float(np.median(hits["confidence"]))
    if unsure < _UNSURE:
        yield f"{name} may not be drums alone: half of its hits are less sure than {unsure:.2f}"
    if len(hits) < _FEW_A_SECOND * seconds:
        yield f"{name} has {len(hits)} hits in {seconds:.0f} s: most of it is something else"
