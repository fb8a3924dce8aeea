"""Hits of a stream of drums as they are played: when (to a fraction of a ms), how strong, what drum."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.engine.groove.hit_kernels import LOUDEST_AT_LEAST_DB, hear, level_frames
from tsumami.engine.groove.hit_state import (
    BAND_Q,
    BAND_ZEROS,
    BANDS,
    BANDS_HZ,
    DELAY_FRAMES,
    DETECTOR_DTYPE,
    FRAME_SECONDS,
    HITS_KEPT,
    LANES,
)
from tsumami.engine.groove.hit_table import HitTable, shipped_hit_table

Audio = npt.NDArray[np.float32]
Hits = np.ndarray[tuple[int], np.dtype[np.void]]

LOWEST_RATE_HZ: Final = 32_000
HIGHEST_RATE_HZ: Final = 192_000
_LOUDEST_FALL_DB_PER_SECOND: Final = 6.0
_AFTER: Final = 4
"""Latencies of silence that are heard after a sound, for its last hits to be reported."""
_NARROWING: Final = math.sqrt(math.sqrt(2.0) - 1.0)
"""Bandwidth of two equal resonators one after the other, in shares of one's."""
_LANE_BANDS_HZ: Final = {
    "kick": (0.0, 120.0),
    "snare": (200.0, 5000.0),
    "hat": (5000.0, math.inf),
    "tom": (80.0, 500.0),
    "other": (0.0, math.inf),
}


class HitDetector:
    """Streaming hit detector: `prepare`, `process` block by block, `reset`.

    Sample rates of 32-192 kHz. Any block size gives the same hits. A hit is reported about 7 ms after it was
    heard (its record says how much). `process` allocates nothing but the array of hits that it returns;
    the kernel `tsumami.engine.groove.hit_kernels.hear` allocates nothing.
    """

    def __init__(self, table: HitTable | None = None) -> None:
        self._table = table
        self._state = np.zeros(1, DETECTOR_DTYPE)
        self.sample_rate = 0.0

    @property
    def state(self) -> np.ndarray[tuple[int], np.dtype[np.void]]:
        """The one record `DETECTOR_DTYPE` that kernels work on; valid as long as the object lives."""
        return self._state

    @property
    def latency_samples(self) -> int:
        """Least samples from a hit to its report, without the block that it is waited for."""
        return (DELAY_FRAMES + 2) * int(self._state[0]["hop"])

    def prepare(self, sample_rate: float, block_size: int) -> None:
        """Read the table, design the bands and compile, for blocks of any size."""
        if not LOWEST_RATE_HZ <= sample_rate <= HIGHEST_RATE_HZ:
            raise ParameterError(
                f"sample_rate must be in {LOWEST_RATE_HZ}-{HIGHEST_RATE_HZ} Hz to hear drums, "
                f"got {sample_rate:g}"
            )
        self.sample_rate = sample_rate
        design(self._state[0], sample_rate)
        install(self._state[0], self._table or shipped_hit_table())
        self.reset()
        self.process(np.zeros(block_size, np.float32))
        self.reset()

    def process(self, audio: Audio) -> Hits:
        """The hits that a block of mono float32 ``[frames]`` completes, `HIT_DTYPE`, as they are reported."""
        longest = max(int(self.sample_rate), 1)
        if len(audio) > longest:
            parts = [self.process(audio[at : at + longest]) for at in range(0, len(audio), longest)]
            return np.concatenate(parts)
        state = self._state[0]
        known = int(state["hit_count"])
        hear(state, audio)
        numbers = np.arange(known, int(state["hit_count"]))
        return np.asarray(state["hits"][numbers % HITS_KEPT])

    def reset(self) -> None:
        """Begin anew, from silence."""
        begin(self._state[0])


def find_hits(audio: Audio, sample_rate: float, block_size: int = 64, table: HitTable | None = None) -> Hits:
    """All hits of a mono sound float32 ``[frames]``, `HIT_DTYPE`, in order of time."""
    detector = HitDetector(table)
    detector.prepare(sample_rate, block_size)
    silence = np.zeros(_AFTER * detector.latency_samples, np.float32)
    whole = np.concatenate([np.asarray(audio, np.float32), silence])
    found = np.concatenate(
        [detector.process(whole[at : at + block_size]) for at in range(0, len(whole), block_size)]
    )
    found = found[found["sample"] < len(audio)]
    return found[np.argsort(found["sample"], kind="stable")]


def band_levels(audio: Audio, sample_rate: float) -> tuple[Audio, Audio]:
    """What the network sees of a mono sound: levels in dB ``[frames, bands]``, the loudest ``[frames]``."""
    states = np.zeros(1, DETECTOR_DTYPE)
    design(states[0], sample_rate)
    begin(states[0])
    frames = len(audio) // int(states[0]["hop"])
    levels, loudest = np.zeros((frames, BANDS), np.float32), np.zeros(frames, np.float32)
    level_frames(states[0], np.asarray(audio, np.float32), levels, loudest)
    return levels, loudest


def design(state: np.void, sample_rate: float) -> None:
    """Set the record's settings of time and frequency: resonators whose envelope is a sine's power."""
    state["hop"] = round(FRAME_SECONDS * sample_rate)
    state["loudest_fall_db"] = _LOUDEST_FALL_DB_PER_SECOND * state["hop"] / sample_rate
    for band, (hertz, zeros) in enumerate(zip(BANDS_HZ, BAND_ZEROS, strict=True)):
        radius = math.exp(-math.pi * hertz / (BAND_Q * _NARROWING * sample_rate))
        angle = 2.0 * math.pi * hertz / sample_rate
        # The square root of two, shared by both: a sine's power is half that of its analytic signal.
        gain = (1.0 - radius) * 2.0**0.25 / (2.0 * math.sin(angle / 2.0)) ** (zeros / 2.0)
        taps = ((0.0, 0.0), (-1.0, 0.0), (-2.0, 1.0))[zeros]
        state["filters"][band] = (radius * math.cos(angle), radius * math.sin(angle), gain, *taps)
    for lane, (low, high) in zip(LANES, map(_LANE_BANDS_HZ.__getitem__, LANES), strict=True):
        state["lane_bands"][LANES.index(lane)] = [low <= hertz < high for hertz in BANDS_HZ]


def install(state: np.void, table: HitTable) -> None:
    """Copy a table into the record."""
    for number, (weights, bias) in enumerate(zip(table.weights, table.biases, strict=True), start=1):
        state[f"weights{number}"], state[f"bias{number}"] = weights, bias
    state["thresholds"] = table.thresholds
    state["bias_frames"] = np.array(table.bias_ms) / (1000.0 * FRAME_SECONDS)


def begin(state: np.void) -> None:
    """Clear what the record carries from block to block."""
    _clear(state, ("filled", "frame", "memory", "energy", "scores", "hit_count"))
    state["levels"] = -100.0
    state["loudest_db"] = LOUDEST_AT_LEAST_DB
    state["last"] = -1000
    state["unnamed"] = -1


def _clear(state: np.void, names: Sequence[str]) -> None:
    for name in names:
        state[name] = 0
