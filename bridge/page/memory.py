"""What a live session and its page's process share, beside the engine's own memory."""

import zlib
from typing import Any, ClassVar, Final

import numpy as np

from tsumami.bridge.groove.control import GrooveControl
from tsumami.engine.shared import RingTable, SharedRings

MOST_ADDRESSES: Final = 1 << 15
MOST_VALUES: Final = 3
"""Arguments that an action can have."""
_TEXT_BYTES: Final = 1 << 18

ACTION_DTYPE = np.dtype(
    [
        ("address", np.int32),  # number of the address in the page's table
        ("count", np.int32),  # of the values
        ("values", np.float64, (MOST_VALUES,)),
    ],
    align=True,
)
"""Something asked of the session, 32 bytes."""

PAGE_METERS = np.dtype(
    [
        # Written by the session.
        ("stop", np.int64),  # ends the page's process
        (
            "positions",
            np.float64,
            (MOST_ADDRESSES,),
        ),  # by address; NaN where the engine tells, or nobody knows
        ("beat", np.float64, (3,)),  # where the music is: a beat, its ns of the clock, bpm; 0: it stands
        ("beat_sum", np.int64),  # CRC-32, as of the text
        ("groove", np.float64, (len(GrooveControl),)),  # what is asked of it; of the button, how often
        ("text_bytes", np.int64),
        ("text_sum", np.int64),  # CRC-32: a text that is being written does not fit it
        ("text", np.uint8, (_TEXT_BYTES,)),
        # Written by the page's process.
        ("heartbeat", np.int64),  # counts on, 30 times a second
        ("clients", np.int64),  # browsers that are connected now
        ("frames_sent", np.int64),
        ("frames_shown", np.int64),  # … and said to be on a screen
        ("actions", np.int64),  # asked for
        ("actions_dropped", np.int64),  # … and not handed on, because there were too many
        ("refused", np.int64),  # requests and connections without the token, from elsewhere, or too many
        ("thrown_out", np.int64),  # browsers that were closed for what they sent, or took no more
    ],
    align=True,
)


class PageMemory(SharedRings):
    """One segment: where things stand, a text of what changes seldom, and a ring of actions."""

    METERS = PAGE_METERS
    RINGS: ClassVar[RingTable] = {"actions": (ACTION_DTYPE, 1024)}  # page -> session

    def write_beat(self, beat: float, ns: float, bpm: float) -> None:
        """Put where `read_beat` finds it when a beat falls, and how fast they follow. [the session]"""
        self.meters["beat"][:] = beat, ns, bpm
        self.meters["beat_sum"] = zlib.crc32(self.meters["beat"].tobytes())

    def read_beat(self) -> tuple[float, float, float] | None:
        """What was put last; None while it is being written. [the page's process]"""
        line = self.meters["beat"].copy()
        beat, ns, bpm = line.tolist()
        return (beat, ns, bpm) if zlib.crc32(line.tobytes()) == int(self.meters["beat_sum"]) else None

    def write_text(self, text: bytes) -> None:
        """Put a text where `read_text` finds it; one that is too long is not put. [the session]"""
        if len(text) <= _TEXT_BYTES:
            self.meters["text"][: len(text)] = np.frombuffer(text, np.uint8)
            self.meters["text_bytes"], self.meters["text_sum"] = len(text), zlib.crc32(text)

    def read_text(self) -> bytes | None:
        """The text; None while it is being written. [the page's process]"""
        text: bytes = self.meters["text"][: int(self.meters["text_bytes"])].tobytes()
        return text if zlib.crc32(text) == int(self.meters["text_sum"]) else None


def action(address: int, values: Any) -> np.ndarray[Any, np.dtype[np.void]]:
    """One action as an array of length 1."""
    record = np.zeros(1, ACTION_DTYPE)
    record["address"], record["count"] = address, len(values)
    record["values"][0, : len(values)] = values
    return record
