"""The memory that processes share: rings and a block of meters, and nothing else."""

import contextlib
import os
import secrets
from collections.abc import Mapping
from multiprocessing import shared_memory
from typing import Any, ClassVar, Self

import numpy as np

from tsumami.engine.events import EVENT_DTYPE
from tsumami.engine.meter_block import METER_DTYPE, MeterBlock
from tsumami.engine.ring import Ring
from tsumami.engine.strip.input_ring import INPUT_CAPACITY, INPUT_DTYPE

FRAME_DTYPE = np.dtype([("left", np.float32), ("right", np.float32)])
"""One stereo frame of a ring of samples."""

RingTable = Mapping[str, tuple[np.dtype[Any], int]]
"""Record and capacity of each ring of a segment, by name."""


class SharedRings:
    """One shared-memory segment: a block of meters first, then rings in the order of a table.

    The process that creates it unlinks it; others attach by name. If the creator is killed, Python's
    resource tracker unlinks it.
    """

    METERS: ClassVar[np.dtype[Any]]
    RINGS: ClassVar[RingTable]

    def __init__(self, segment: shared_memory.SharedMemory, *, owner: bool) -> None:
        self._segment = segment
        self._owner = owner
        self.name = segment.name
        self._bytes = np.ndarray(segment.size, np.uint8, segment.buf)
        self.meters = MeterBlock(self._bytes[: self.METERS.itemsize], self.METERS)
        self._rings: dict[str, Ring] = {}
        start = self.METERS.itemsize
        for name, (dtype, capacity) in self.RINGS.items():
            end = start + Ring.nbytes(dtype, capacity)
            buffer = self._bytes[start:end]
            self._rings[name] = Ring.create(buffer, dtype, capacity) if owner else Ring(buffer, dtype)
            start = end

    @classmethod
    def create(cls) -> Self:
        """Allocate a new segment with empty rings and zeroed meters."""
        rings = sum(Ring.nbytes(dtype, capacity) for dtype, capacity in cls.RINGS.values())
        name = f"tsumami-{os.getpid()}-{secrets.token_hex(3)}"
        size = cls.METERS.itemsize + rings
        return cls(shared_memory.SharedMemory(name, create=True, size=size), owner=True)

    @classmethod
    def attach(cls, name: str) -> Self:
        """Map the segment that another process created."""
        return cls(shared_memory.SharedMemory(name), owner=False)

    def ring(self, name: str) -> Ring:
        """The ring of that name in the table."""
        return self._rings[name]

    def empty(self, *names: str) -> None:
        """Lay the named rings out anew; only while nobody else uses them."""
        for name in names:
            dtype, capacity = self.RINGS[name]
            self._rings[name] = Ring.create(self._rings[name].buffer, dtype, capacity)

    def close(self) -> None:
        """Unmap the segment, and remove it if this process created it. Its rings are dead after this."""
        self._rings.clear()
        self.meters.release()
        del self._bytes
        with contextlib.suppress(BufferError):  # a caller still holds a view: unmapped when it goes
            self._segment.close()
        if self._owner:
            with contextlib.suppress(FileNotFoundError):
                self._segment.unlink()


class SessionMemory(SharedRings):
    """What the main process and the engine process of a session share."""

    METERS = METER_DTYPE
    RINGS: ClassVar[RingTable] = {
        "control": (EVENT_DTYPE, 4096),  # main -> audio thread: notes, pedals, gain, scheduled events
        "macro": (EVENT_DTYPE, 4096),  # main -> inference thread: knob moves, whole patches
        "applied": (EVENT_DTYPE, 65536),  # audio thread -> main: every event with the sample it applied at
        "recording": (FRAME_DTYPE, 1 << 19),  # audio thread -> main: the output, 10.9 s at 48 kHz
        "scope": (FRAME_DTYPE, 1 << 14),  # audio thread -> page: the output, as far as somebody looks
        "input": (INPUT_DTYPE, INPUT_CAPACITY),  # a receiver -> audio thread: the input's frames
    }

    @property
    def control(self) -> Ring:
        """Main process to audio thread."""
        return self.ring("control")

    @property
    def macro(self) -> Ring:
        """Main process to inference thread."""
        return self.ring("macro")

    @property
    def applied(self) -> Ring:
        """Audio thread to main process: every event, with the sample at which it applied."""
        return self.ring("applied")

    @property
    def recording(self) -> Ring:
        """Audio thread to main process: the output's frames while recording."""
        return self.ring("recording")

    @property
    def scope(self) -> Ring:
        """Audio thread to the page's process: the output's frames, dropped where nobody takes them."""
        return self.ring("scope")

    @property
    def input(self) -> Ring:
        """One receiver, in any process, to audio thread: the input's frames, where they come from a ring."""
        return self.ring("input")

    def reset_inputs(self) -> None:
        """Empty the main process's rings towards the engine; only while no engine process is running."""
        self.empty("control", "macro")
