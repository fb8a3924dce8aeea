"""WAV files whose bytes depend on nothing but the samples, written whole or not at all."""

import struct
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

_FLOAT: Final = 3  # WAVE_FORMAT_IEEE_FLOAT


def wav_bytes(audio: npt.NDArray[np.float32], sample_rate: int) -> bytes:
    """A WAV file of 32-bit floats from ``[frames]`` or ``[channels, frames]``.

    libsndfile would write the time of day into it, and the same render must be the same file.
    """
    planar = np.atleast_2d(audio)
    channels, frames = planar.shape
    data = np.ascontiguousarray(planar.T, "<f4").tobytes()
    step = 4 * channels
    form = struct.pack("<HHIIHHH", _FLOAT, channels, sample_rate, sample_rate * step, step, 32, 0)
    chunks = ((b"fmt ", form), (b"fact", struct.pack("<I", frames)), (b"data", data))
    body = b"".join(name + struct.pack("<I", len(content)) + content for name, content in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def write_beside(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
