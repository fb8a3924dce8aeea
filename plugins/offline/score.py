"""A score: the MIDI messages of one render at their sample times, from one note or from a file."""

import io
import math
from dataclasses import dataclass
from typing import Any, Final

import mido

from tsumami.engine.errors import SessionError
from tsumami.plugins.offline.settings import RenderSettings

TAIL_SECONDS: Final = 2.0
"""How long the last notes of a file are given to fade."""

_MOST_TICKS_PER_BEAT = 0x7FFF
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Score:
    """``messages`` are (frame, MIDI bytes), in order of time, before ``frames``, the length."""

    messages: tuple[tuple[int, bytes], ...]
    frames: int

    def delayed(self, frames: int) -> "Score":
        """The same after ``frames`` of silence."""
        return Score(tuple((time + frames, data) for time, data in self.messages), self.frames + frames)

    def midi_file(self, sample_rate: int) -> bytes:
        """A Standard MIDI File in which one tick is one frame, as exactly as the format can say it."""
        # A beat of so many ticks is a whole number of microseconds, which is how the format counts.
        step = sample_rate // math.gcd(sample_rate, _MICROSECONDS)
        ticks = _MOST_TICKS_PER_BEAT // step * step or _MOST_TICKS_PER_BEAT
        file = mido.MidiFile(type=0, ticks_per_beat=ticks)
        tempo = round(_MICROSECONDS * file.ticks_per_beat / sample_rate)
        track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo)])
        now = 0
        for time, data in self.messages:
            track.append(mido.Message.from_bytes(data, time=time - now))
            now = time
        file.tracks.append(track)
        written = io.BytesIO()
        file.save(file=written)
        return written.getvalue()


def score_of(settings: RenderSettings) -> Score:
    """What ``settings`` say is played. Raises `SessionError` for bytes that are no MIDI file."""
    if settings.midi is not None:
        return _from_file(settings.midi, settings)
    frames = round(settings.length_seconds * settings.sample_rate)
    key_up = min(round(settings.hold_seconds * settings.sample_rate), frames - 1)
    on = bytes((0x90, settings.note, settings.velocity))
    off = bytes((0x80, settings.note, 0))
    return Score(((0, on), (key_up, off)), frames)


def _from_file(data: bytes, settings: RenderSettings) -> Score:
    seconds, messages = 0.0, []
    for message in _read(data):
        seconds += message.time
        if not message.is_meta and message.type != "sysex":
            messages.append((round(seconds * settings.sample_rate), bytes(message.bytes())))
    if not any(data[0] >> 4 == 0x9 for _, data in messages):
        raise SessionError("MIDI file must hold notes, got none")
    length = settings.length_seconds or seconds + TAIL_SECONDS
    frames = max(round(length * settings.sample_rate), 1)
    return Score(tuple(message for message in messages if message[0] < frames), frames)


def _read(data: bytes) -> list[Any]:
    """Messages of all tracks in order, each with its delta time in seconds."""
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
        if file.type == 2 or file.ticks_per_beat <= 0:
            raise SessionError("MIDI file must be of type 0 or 1 and count in ticks per beat, got another")
        return list(file)
    except (OSError, EOFError, ValueError, IndexError, KeyError, TypeError, ArithmeticError) as error:
        reason = str(error) or "it ends too early"
        raise SessionError(f"MIDI file must be a whole Standard MIDI File, got: {reason}") from None
