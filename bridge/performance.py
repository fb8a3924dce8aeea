"""A performance: timed events, such as those of a Standard MIDI File, at one sample rate."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mido
import numpy as np

from tsumami.bridge.mapping import Mapping
from tsumami.bridge.midi.decode import Decoder
from tsumami.bridge.midi.parser import Parser
from tsumami.engine.errors import SessionError
from tsumami.engine.events import NO_EVENTS, Events

TAIL_SECONDS = 2.0
"""How long the sound of the last notes is given to fade."""


@dataclass(frozen=True)
class Performance:
    """Events sorted by their absolute sample `time`, all before `length`; every note ends."""

    events: Events
    sample_rate: int
    length: int
    """Musical length in samples: where the file's longest track ends. A loop starts again here."""
    tail_seconds: float = TAIL_SECONDS

    @property
    def end(self) -> int:
        """Length in samples with the tail."""
        return self.length + round(self.tail_seconds * self.sample_rate)

    def between(self, start: int, stop: int) -> Events:
        """Events with start <= time < stop of the performance played in a loop from sample 0.

        The times that come back are those of the endless loop, so consecutive spans join.
        """
        blocks = []
        for turn in range(start // self.length, -(-stop // self.length)):
            origin = turn * self.length
            first, last = np.searchsorted(self.events["time"], (start - origin, stop - origin))
            block = self.events[first:last].copy()
            block["time"] += origin
            blocks.append(block)
        return np.concatenate(blocks) if blocks else NO_EVENTS


def read_midi_file(
    path: Path, mapping: Mapping, sample_rate: int, *, tail_seconds: float = TAIL_SECONDS
) -> Performance:
    """The Standard MIDI File at ``path``, all its tracks merged, decoded like live input.

    Times follow the file's tempo map and are rounded to the nearest sample. Raises `SessionError`
    for a file that cannot be read, is no MIDI file, counts time in SMPTE frames, or has nothing in
    it for the channels that ``mapping`` listens to.
    """
    file = _open(path)
    parser, decoder = Parser(), Decoder(mapping)
    blocks: list[Events] = []
    seconds, time = 0.0, 0
    for message in _merged(file, path):
        seconds += message.time
        time = round(seconds * sample_rate)
        if not message.is_meta:
            blocks.append(decoder.decode(parser.feed(message.bytes()), time=time))
    blocks.append(decoder.release(time=time))
    events = np.concatenate(blocks)
    if not len(events):
        raise SessionError(f"{path}: MIDI file must hold events on a channel listened to, got none")
    length = max(time, int(events["time"][-1]) + 1)
    return Performance(events, sample_rate, length, tail_seconds)


def _open(path: Path) -> Any:
    try:
        file = mido.MidiFile(path, clip=True)
    except OSError as error:
        if error.errno is None:  # mido's own: the header chunk is missing
            raise SessionError(f"{path} must be a Standard MIDI File (.mid), got: {error}") from None
        reason = (error.strerror or str(error)).lower()
        raise SessionError(f"MIDI file must be readable, got {path} ({reason})") from None
    except (EOFError, ValueError, IndexError, KeyError, TypeError) as error:
        reason = str(error) or "it ends too early"
        raise SessionError(f"{path} must be a whole Standard MIDI File (.mid), got: {reason}") from None
    if file.type == 2:
        raise SessionError(f"{path} must be a MIDI file of type 0 or 1, got type 2")
    if file.ticks_per_beat <= 0:
        raise SessionError(f"{path} must count time in ticks per beat, got SMPTE frames")
    return file


def _merged(file: Any, path: Path) -> list[Any]:
    """Messages of all tracks in their order, each with its delta time in seconds."""
    try:
        return list(file)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise SessionError(f"{path} must be a whole Standard MIDI File (.mid), got: {error}") from None
