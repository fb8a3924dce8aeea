"""Notes of a live input, and what they sound like, as soon as they are let go."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tsumami.bridge.groove.listener import Listener
from tsumami.bridge.session.tables import Session
from tsumami.bridge.signals import ended_by_signals
from tsumami.bridge.timbre.index import Index, Near
from tsumami.bridge.timbre.input_notes import InputNotes
from tsumami.bridge.timbre.note import note_found
from tsumami.engine.timbre.encoder import TimbreEncoder
from tsumami.engine.timbre.features import SAMPLE_RATE
from tsumami.engine.timbre.follower import EndedNote

_PERIOD_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class LiveFound:
    """A note of the input: when it began, its MIDI ``note`` or None, and the ``nearest`` sounds."""

    begin_seconds: float
    note: float | None
    nearest: list[Near]


def find_live(
    session: Session,
    encoder: TimbreEncoder,
    index: Index,
    count: int,
    seconds: float | None,
    tell: Callable[[str], None],
) -> Iterator[LiveFound]:
    """What every note of the session's input sounds like, until the time is over or the user ends it."""
    stopping = threading.Event()
    encoder.prepare()
    with ended_by_signals(stopping.set), Listener(session, tell) as listener:
        notes = InputNotes(encoder, listener.sample_rate)
        end = None if seconds is None else time.monotonic() + seconds
        while not stopping.wait(_PERIOD_SECONDS) and (end is None or time.monotonic() < end):
            _, heard = listener.look()
            for note in notes.follow(heard):
                yield _found(note, index, count)


def _found(note: EndedNote, index: Index, count: int) -> LiveFound:
    nearest = index.nearest(note.vectors.timbre, count)
    return LiveFound(note.begin / SAMPLE_RATE, note_found(note.samples), nearest)
