"""`--record`: the strip's output to a WAV file while it plays."""

import threading
from pathlib import Path

import numpy as np

from tsumami.bridge.wav_take import WavTake
from tsumami.engine.errors import SessionError
from tsumami.engine.shared import SessionMemory

_DRAIN_SECONDS = 0.05


class Recorder:
    """Drains the recording ring into a 32-bit float WAV file, in a thread of its own.

    The samples are the strip's own, bit for bit. SessionError when the file cannot be made.
    """

    def __init__(self, path: Path, memory: SessionMemory, sample_rate: int) -> None:
        self._memory = memory
        self._take = WavTake(path, sample_rate, channels=2)
        self.error: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is left and close the file; call it when the engine has stopped."""
        self._stopping.set()
        self._thread.join()
        self._take.close()

    def _run(self) -> None:
        while not self._stopping.wait(_DRAIN_SECONDS):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        frames = self._memory.recording.pop()
        if not len(frames) or self.error is not None:
            return
        try:
            self._take.write(frames.view(np.float32).reshape(-1, 2))
        except SessionError as error:  # the show goes on without its recording; what is on disk stays
            self.error = str(error)
