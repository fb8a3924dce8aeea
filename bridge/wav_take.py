"""A WAV file that grows while something plays, and is whole at every moment."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from tsumami.engine.errors import SessionError

_UPDATE_HEADER_AUTO = 0x1061  # SFC_SET_UPDATE_HEADER_AUTO of libsndfile


class WavTake:
    """Writes 32-bit float samples, bit for bit, as they come.

    The file is a valid WAV after each of them: a take survives even the death of this process.
    SessionError where the file cannot be made or written; ``name`` is what it is called then.
    """

    def __init__(self, path: Path, sample_rate: int, channels: int, name: str = "recording") -> None:
        self._label = f"{name} {str(path)!r}"
        try:
            self._file = soundfile.SoundFile(
                path, "w", samplerate=sample_rate, channels=channels, format="WAV", subtype="FLOAT"
            )
        except (OSError, soundfile.SoundFileError) as error:
            raise SessionError(
                f"{self._label} must be in a folder that exists and can be written to ({error})"
            ) from error
        # soundfile has no word of its own for this switch of the library beneath it.
        soundfile._snd.sf_command(self._file._file, _UPDATE_HEADER_AUTO, soundfile._ffi.NULL, 1)

    def write(self, samples: npt.NDArray[np.float32]) -> None:
        """Append samples, float32 ``[frames, channels]``."""
        try:
            self._file.write(samples)
        except (OSError, soundfile.SoundFileError) as error:
            raise SessionError(f"{self._label} stopped: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()
