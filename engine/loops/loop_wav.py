"""WAV files that say of themselves that they are loops, and at what tempo.

The chunk ``smpl`` has the loop's two ends (Microsoft, Multimedia Data Standards Update 1994), ``acid`` its
tempo and beats, as Sony's ACID reads them.
"""

import struct
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.loops.assembly import BEATS

_FLOAT: Final = 3  # WAVE_FORMAT_IEEE_FLOAT
_MIDDLE_C: Final = 60
_LOOPED: Final = 0  # ACID's flags: bit 0 would say that it is no loop


def loop_wav(audio: npt.NDArray[np.float32], sample_rate: int, bpm: float, bars: int) -> bytes:
    """The file of a mono loop ``[frames]`` in 32-bit floats: the same loop is the same bytes."""
    samples = np.ascontiguousarray(audio, "<f4")
    chunks = (
        (b"fmt ", struct.pack("<HHIIHHH", _FLOAT, 1, sample_rate, sample_rate * 4, 4, 32, 0)),
        (b"fact", struct.pack("<I", len(samples))),
        (b"smpl", _smpl(len(samples), sample_rate)),
        (b"acid", _acid(bpm, bars)),
        (b"data", samples.tobytes()),
    )
    body = b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _smpl(frames: int, sample_rate: int) -> bytes:
    """One loop, forward, from the first sample to the last, for ever."""
    period_ns = round(1e9 / sample_rate)
    sampler = struct.pack("<9I", 0, 0, period_ns, _MIDDLE_C, 0, 0, 0, 1, 0)
    return sampler + struct.pack("<6I", 0, 0, 0, frames - 1, 0, 0)


def _acid(bpm: float, bars: int) -> bytes:
    """Flags, root note, two unknowns, beats, metre, tempo."""
    return struct.pack("<IHHfIHHf", _LOOPED, _MIDDLE_C, 0x8000, 0.0, bars * BEATS, 4, BEATS, bpm)
