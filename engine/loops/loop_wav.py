"""WAV files that say of themselves that they are loops, and at what tempo.

The chunk ``smpl`` has the loop's two ends (Microsoft, Multimedia Data Standards Update 1994), ``acid`` its
tempo, beats and root note, as Sony's ACID reads them, ``LIST`` texts about it (RIFF MCI 1.0, "INFO").
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.loops.assembly import BEATS

_FLOAT: Final = 3  # WAVE_FORMAT_IEEE_FLOAT
_MIDDLE_C: Final = 60
_ROOTED: Final = 2  # of ACID's flags: the root note is known; bit 0 would say that it is no loop


def loop_wav(
    audio: npt.NDArray[np.float32],
    sample_rate: int,
    bpm: float,
    bars: int,
    *,
    root: int | None = None,
    texts: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """The file of a mono loop ``[frames]`` in 32-bit floats: the same loop is the same bytes.

    ``root`` is a MIDI note, ``texts`` are by their four letters: ``INAM`` a name, ``ICMT`` a comment.
    """
    samples = np.ascontiguousarray(audio, "<f4")
    listed = ((b"LIST", _info(texts)),) if texts else ()
    chunks = (
        (b"fmt ", struct.pack("<HHIIHHH", _FLOAT, 1, sample_rate, sample_rate * 4, 4, 32, 0)),
        (b"fact", struct.pack("<I", len(samples))),
        (b"smpl", _smpl(len(samples), sample_rate)),
        (b"acid", _acid(bpm, bars, root)),
        *listed,
        (b"data", samples.tobytes()),
    )
    body = b"".join(_chunk(name, content) for name, content in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _info(texts: Mapping[str, str]) -> bytes:
    return b"INFO" + b"".join(
        _chunk(name.encode(), text.encode("ascii", "replace") + b"\0") for name, text in texts.items()
    )


def _smpl(frames: int, sample_rate: int) -> bytes:
    """One loop, forward, from the first sample to the last, for ever."""
    period_ns = round(1e9 / sample_rate)
    sampler = struct.pack("<9I", 0, 0, period_ns, _MIDDLE_C, 0, 0, 0, 1, 0)
    return sampler + struct.pack("<6I", 0, 0, 0, frames - 1, 0, 0)


def _acid(bpm: float, bars: int, root: int | None) -> bytes:
    """Flags, root note, two unknowns, beats, metre, tempo."""
    flags, note = (0, _MIDDLE_C) if root is None else (_ROOTED, root)
    return struct.pack("<IHHfIHHf", flags, note, 0x8000, 0.0, bars * BEATS, 4, BEATS, bpm)
