"""MIDI files of drums: opening one, and which of its messages begin a note."""

from pathlib import Path
from typing import Any, Final

import mido

from tsumami.engine.errors import SessionError

MIDI_ENDINGS: Final = (".mid", ".midi")
DRUM_CHANNEL: Final = 9
DEFAULT_TEMPO: Final = 500_000
"""Microseconds of a beat where a file says nothing."""


def open_midi(path: Path, name: str) -> mido.MidiFile:
    """A MIDI file that counts in beats; raises `SessionError`, in which ``name`` is what it is called."""
    try:
        midi = mido.MidiFile(path)
    except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
        reason = "no such file" if not path.exists() else str(error) or type(error).__name__
        raise SessionError(f"{name} must be a MIDI file, got {path} ({reason})") from error
    if midi.ticks_per_beat <= 0:
        raise SessionError(f"{name} must count in beats, got {path}, which counts in frames of film")
    return midi


def begins_note(message: Any) -> bool:
    """Whether a message begins a note: a note on without velocity ends one."""
    return bool(message.type == "note_on" and message.velocity)
