"""The memory that a session's processes share: its rings and its meter block, and nothing else."""

import contextlib
import os
import secrets
from multiprocessing import shared_memory

import numpy as np

from tsumami.engine.events import EVENT_DTYPE
from tsumami.engine.meter_block import METER_DTYPE, MeterBlock
from tsumami.engine.ring import Ring

FRAME_DTYPE = np.dtype([("left", np.float32), ("right", np.float32)])
"""One stereo frame of the recording ring."""

_RINGS = {
    # name: (record, capacity)
    "control": (EVENT_DTYPE, 4096),  # main -> audio thread: notes, pedals, gain, scheduled events
    "macro": (EVENT_DTYPE, 4096),  # main -> inference thread: knob moves, whole patches
    "applied": (EVENT_DTYPE, 65536),  # audio thread -> main: every event with the sample it applied at
    "recording": (FRAME_DTYPE, 1 << 19),  # audio thread -> main: the output, 10.9 s at 48 kHz
}


def _size() -> int:
    return METER_DTYPE.itemsize + sum(Ring.nbytes(dtype, capacity) for dtype, capacity in _RINGS.values())


class SessionMemory:
    """One shared-memory segment: meter block first, then the rings in the order of the table.

    The main process creates it and unlinks it; the engine process attaches by name. If the main
    process is killed, Python's resource tracker unlinks it.
    """

    def __init__(self, segment: shared_memory.SharedMemory, *, owner: bool) -> None:
        self._segment = segment
        self._owner = owner
        self.name = segment.name
        self._bytes = np.ndarray(segment.size, np.uint8, segment.buf)
        self.meters = MeterBlock(self._bytes[: METER_DTYPE.itemsize])
        self._rings: dict[str, Ring] = {}
        start = METER_DTYPE.itemsize
        for name, (dtype, capacity) in _RINGS.items():
            end = start + Ring.nbytes(dtype, capacity)
            buffer = self._bytes[start:end]
            self._rings[name] = Ring.create(buffer, dtype, capacity) if owner else Ring(buffer, dtype)
            start = end

    @classmethod
    def create(cls) -> "SessionMemory":
        """Allocate a new segment with empty rings and a zeroed meter block."""
        name = f"tsumami-{os.getpid()}-{secrets.token_hex(3)}"
        return cls(shared_memory.SharedMemory(name, create=True, size=_size()), owner=True)

    @classmethod
    def attach(cls, name: str) -> "SessionMemory":
        """Map the segment that another process created."""
        return cls(shared_memory.SharedMemory(name), owner=False)

    @property
    def control(self) -> Ring:
        """Main process to audio thread."""
        return self._rings["control"]

    @property
    def macro(self) -> Ring:
        """Main process to inference thread."""
        return self._rings["macro"]

    @property
    def applied(self) -> Ring:
        """Audio thread to main process: every event, with the sample at which it applied."""
        return self._rings["applied"]

    @property
    def recording(self) -> Ring:
        """Audio thread to main process: the output's frames while recording."""
        return self._rings["recording"]

    def reset_inputs(self) -> None:
        """Empty the rings towards the engine; only while no engine process is running."""
        for name in ("control", "macro"):
            dtype, capacity = _RINGS[name]
            ring = self._rings[name]
            self._rings[name] = Ring.create(ring.buffer, dtype, capacity)

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
