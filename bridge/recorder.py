"""`--record`: the strip's output to a WAV file while it plays."""

import threading
from pathlib import Path

import numpy as np
import soundfile

from tsumami.engine.errors import SessionError
from tsumami.engine.shared import SessionMemory

_DRAIN_SECONDS = 0.05
_UPDATE_HEADER_AUTO = 0x1061  # SFC_SET_UPDATE_HEADER_AUTO of libsndfile


class Recorder:
    """Drains the recording ring into a 32-bit float WAV file, in a thread of its own.

    The file is a valid WAV at every moment: a take survives even the death of this process. Float
    samples are the strip's own, bit for bit. SessionError when the file cannot be written.
    """

    def __init__(self, path: Path, memory: SessionMemory, sample_rate: int) -> None:
        self._memory = memory
        self._path = path
        try:
            self._file = soundfile.SoundFile(
                path, "w", samplerate=sample_rate, channels=2, format="WAV", subtype="FLOAT"
            )
        except (OSError, soundfile.SoundFileError) as error:
            raise SessionError(
                f"recording {str(path)!r} must be in a folder that exists and can be written to ({error})"
            ) from error
        # soundfile has no word of its own for this switch of the library beneath it.
        soundfile._snd.sf_command(self._file._file, _UPDATE_HEADER_AUTO, soundfile._ffi.NULL, 1)
        self.error: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is left and close the file; call it when the engine has stopped."""
        self._stopping.set()
        self._thread.join()
        self._file.close()

    def _run(self) -> None:
        while not self._stopping.wait(_DRAIN_SECONDS):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        frames = self._memory.recording.pop()
        if not len(frames) or self.error is not None:
            return
        try:
            self._file.write(frames.view(np.float32).reshape(-1, 2))
        except (OSError, soundfile.SoundFileError) as error:
            # The show goes on without its recording; what is on disk stays.
            self.error = f"recording {str(self._path)!r} stopped: {error}"
