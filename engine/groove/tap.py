"""The groove tap: an input stage that lets everything pass, and hears the hits in it as they come."""

from typing import Any, Final

import numpy as np
from numba import carray

from tsumami.engine.clock import now_ns
from tsumami.engine.groove.detector import HitDetector
from tsumami.engine.groove.hit_kernels import hear
from tsumami.engine.groove.hit_state import DETECTOR_DTYPE, HIT_DTYPE, HITS_KEPT
from tsumami.engine.groove.live_memory import GROOVE_METERS, HEARD_DTYPE, GrooveMemory
from tsumami.engine.jit import c_kernel, kernel
from tsumami.engine.memory import as_pointer
from tsumami.engine.ring import ring_push, ring_room
from tsumami.engine.stage import CHANNELS, STAGE_SIGNATURE
from tsumami.engine.strip.state import MAX_BLOCK_SIZE

_NS: Final = 1e9

TAP_DTYPE = np.dtype(
    [
        # Addresses and settings, fixed while active.
        ("detector", np.int64),
        ("meters", np.int64),
        ("hit_ring", np.int64),
        ("heard_ring", np.int64),
        ("audio_ring", np.int64),
        ("sample_rate", np.float64),
        # What changes.
        ("has_begun", np.int64),
        ("base", np.int64),  # where on the time line the detector has begun
        ("sample", np.int64),  # of the time line
        # Scratch.
        ("mono", np.float32, (MAX_BLOCK_SIZE,)),
        ("kept", np.float64, (MAX_BLOCK_SIZE,)),
        ("heard", HEARD_DTYPE, (1,)),
        ("hit", HIT_DTYPE, (1,)),
    ],
    align=True,
)


@kernel
def _begin(state: Any, meters: Any, now: int) -> None:
    """Go on where another engine left off, later by the time that was without one."""
    state.base = meters.sample
    if meters.ns > 0:
        state.base += int((now - meters.ns) * state.sample_rate / _NS)
    state.sample, state.has_begun = state.base, 1


@kernel
def _keep(state: Any, frames: int, now: int) -> None:
    """Hand the block on, where there is room for all of it."""
    if ring_room(state.audio_ring) < frames or ring_room(state.heard_ring) < 1:
        return
    block = state.heard[0]
    block.sample, block.frames, block.ns = state.sample, frames, now
    ring_push(state.audio_ring, state.kept.ctypes.data, frames)
    ring_push(state.heard_ring, state.heard.ctypes.data, 1)


@kernel
def _tell_hits(state: Any, detector: Any, known: int) -> None:
    """Hand on the hits from number ``known`` on, in samples of the time line."""
    for number in range(known, detector.hit_count):
        state.hit[0] = detector.hits[number % HITS_KEPT]
        state.hit[0].sample += state.base
        state.hit[0].reported_sample += state.base
        ring_push(state.hit_ring, state.hit.ctypes.data, 1)


@c_kernel(STAGE_SIGNATURE)
def process(
    stage: Any,
    audio_in: Any,
    audio_out: Any,
    frames: int,
    events: Any,  # noqa: ARG001 (the detector hears losses as they sound)
    event_count: int,  # noqa: ARG001
) -> None:
    """Let a block pass, hear it, and tell of its hits. [audio thread]"""
    state = carray(stage, 1, TAP_DTYPE)[0]
    meters = carray(as_pointer(state.meters), 1, GROOVE_METERS)[0]
    detector = carray(as_pointer(state.detector), 1, DETECTOR_DTYPE)[0]
    source, target = carray(audio_in, (CHANNELS, frames)), carray(audio_out, (CHANNELS, frames))
    now = now_ns()
    if not state.has_begun:
        _begin(state, meters, now)
    for i in range(frames):
        target[0, i], target[1, i] = source[0, i], source[1, i]
        state.mono[i] = 0.5 * (source[0, i] + source[1, i])
        state.kept[i] = state.mono[i]
    _keep(state, frames, now)
    known = detector.hit_count
    hear(detector, state.mono[:frames])
    _tell_hits(state, detector, known)
    state.sample += frames
    meters.sample, meters.ns = state.sample, now


class GrooveTap:
    """Hears the hits of the strip's input: a `tsumami.engine.stage.Stage` without latency.

    The mean of both channels is heard. Hits go to the ring ``hits`` of the `GrooveMemory` of that name, and
    every block to its rings ``heard`` and ``audio``; what finds no room is dropped.
    """

    latency_samples = 0

    def __init__(self, memory_name: str) -> None:
        self._shared = GrooveMemory.attach(memory_name)
        self._detector = HitDetector()
        self._state = np.zeros(1, TAP_DTYPE)

    @property
    def process_address(self) -> int:
        """Address of the compiled C function."""
        return int(process.address)

    @property
    def state_address(self) -> int:
        """Address of the state record; valid as long as the object lives."""
        return int(self._state.ctypes.data)

    def prepare(self, sample_rate: float, block_size: int) -> None:
        """Get ready for any blocks at 32-192 kHz; raises `ParameterError` at other rates."""
        self._detector.prepare(sample_rate, block_size)
        fields = {
            "detector": self._detector.state.ctypes.data,
            "meters": self._shared.meters.address,
            "hit_ring": self._shared.ring("hits").address,
            "heard_ring": self._shared.ring("heard").address,
            "audio_ring": self._shared.ring("audio").address,
            "sample_rate": sample_rate,
        }
        for name, value in fields.items():
            self._state[0][name] = value
        self.reset()

    def reset(self) -> None:
        """Hear anew, from silence; the time line goes on."""
        self._detector.reset()
        self._state[0]["has_begun"] = 0
