"""The demonstration piece: 24 bars in A minor for one synthesizer, and a tour of its eight knobs.

``python -m tsumami.bridge.demo.composition`` writes `demo.mid` beside this file. It is the same
file every time: the human unevenness of time and touch comes from a seeded generator.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import mido

SEED = 20
TEMPO_BPM = 104
TICKS_PER_BEAT = 480
BEATS_PER_BAR = 4
BAR = BEATS_PER_BAR * TICKS_PER_BEAT
BARS = 24
KNOB_CENTRE = 64
FIRST_KNOB = 20  # CC 20-27 are the eight macros

_SIXTEENTH = TICKS_PER_BEAT // 4
_SWING_TICKS = 14
_LOOSENESS_TICKS = 6
_KNOB_TICKS = 30


@dataclass(frozen=True, slots=True)
class Note:
    """One note: start and end in ticks, MIDI pitch and velocity."""

    start: int
    end: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord of the progression: bass pitch, and four voices that lead into their neighbours'."""

    bass: int
    voices: tuple[int, int, int, int]


_AM9 = Chord(33, (57, 60, 64, 71))
_F9 = Chord(41, (57, 60, 64, 67))
_C6 = Chord(36, (55, 60, 64, 69))
_G9 = Chord(43, (55, 59, 62, 69))
_DM9 = Chord(38, (57, 60, 64, 65))
_EM7 = Chord(40, (55, 59, 62, 64))
_F7 = Chord(41, (55, 57, 60, 64))
_E7 = Chord(40, (56, 59, 62, 64))

_VERSE = (_AM9, _F9, _C6, _G9)
_BRIDGE = (_DM9, _EM7, _F7, _E7)
_PHRASES = (_VERSE, _VERSE, _BRIDGE, _VERSE, _VERSE, _BRIDGE)

# Which voices play in each four-bar phrase.
_TEXTURES = ("pad", "arpeggio", "pad lead", "arpeggio lead", "pad arpeggio", "pad arpeggio lead")

# (beat, beats long, semitones above the chord's bass, velocity)
_BASS_LINE = (
    (0.0, 1.2, 0, 104),
    (1.5, 0.4, 0, 80),
    (2.0, 0.4, 12, 88),
    (2.75, 0.22, 0, 70),
    (3.5, 0.42, 7, 84),
)

# Steps through the four voices, one per sixteenth; 4 and 5 are the lowest two an octave higher.
_ARPEGGIO = (0, 2, 1, 3, 2, 4, 3, 1, 0, 2, 3, 5, 4, 2, 3, 1)

# (bar, beat, beats long, pitch)
_VERSE_MELODY = (
    (0, 0.5, 1.0, 76), (0, 1.5, 0.5, 74), (0, 2.0, 1.75, 72),
    (1, 0.0, 0.75, 69), (1, 1.0, 1.5, 72), (1, 3.0, 0.75, 74),
    (2, 0.0, 1.25, 76), (2, 1.5, 0.5, 79), (2, 2.0, 1.75, 74),
    (3, 0.5, 0.5, 71), (3, 1.0, 0.5, 74), (3, 1.5, 2.25, 69),
)  # fmt: skip
_BRIDGE_MELODY = (
    (0, 0.0, 1.25, 77), (0, 1.5, 0.5, 76), (0, 2.0, 1.75, 74),
    (1, 0.5, 0.5, 71), (1, 1.0, 1.0, 74), (1, 2.5, 1.25, 79),
    (2, 0.0, 1.5, 76), (2, 2.0, 0.5, 72), (2, 2.5, 1.25, 69),
    (3, 0.0, 1.75, 71), (3, 2.0, 1.75, 68),
)  # fmt: skip

# (knob, first bar, bars, where it turns to): each knob alone up and back, then several together.
_TOUR = tuple((knob, 4 + 2 * knob, 2, 120) for knob in range(8))
_TOGETHER = (
    (0, 20, 4, 114),
    (1, 20, 4, 96),
    (2, 20, 4, 112),
    (3, 20, 2, 24),
    (5, 21, 3, 104),
    (7, 20, 4, 124),
)


def compose() -> mido.MidiFile:
    """The piece as a Standard MIDI File of type 1: tempo, knobs, and one track per voice."""
    rng = Random(SEED)
    voices = {
        "bass": _bass(rng),
        "pad": _pad(rng),
        "arpeggio": _arpeggio(rng),
        "lead": _lead(rng),
    }
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    tempo = mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(TEMPO_BPM), time=0)
    file.tracks.append(_track("Tsumami demonstration", [(0, tempo)]))
    file.tracks.append(_track("knobs", _knobs()))
    sounding = _without_overlaps([(name, note) for name, notes in voices.items() for note in notes])
    for name in voices:
        file.tracks.append(_track(name, _note_messages([note for voice, note in sounding if voice == name])))
    return file


def _bass(rng: Random) -> list[Note]:
    return [
        _played(rng, bar, beat, length, chord.bass + step, velocity)
        for bar, chord in _bars()
        for beat, length, step, velocity in _BASS_LINE
    ]


def _pad(rng: Random) -> list[Note]:
    return [
        _played(rng, bar, 0.02 * voice, 3.9 - 0.02 * voice, pitch, 58 + 4 * (voice == 3))
        for bar, chord in _bars("pad")
        for voice, pitch in enumerate(chord.voices)
    ]


def _arpeggio(rng: Random) -> list[Note]:
    notes = []
    for bar, chord in _bars("arpeggio"):
        ladder = (*chord.voices, chord.voices[0] + 12, chord.voices[1] + 12)
        for step, rung in enumerate(_ARPEGGIO):
            accent = 22 * (step % 4 == 0) + 10 * (step % 3 == 0)
            notes.append(_played(rng, bar, step / 4, 0.21, ladder[rung] + 12, 56 + accent))
    return notes


def _lead(rng: Random) -> list[Note]:
    notes = []
    for number, phrase in enumerate(_PHRASES):
        if "lead" in _TEXTURES[number]:
            melody = _VERSE_MELODY if phrase is _VERSE else _BRIDGE_MELODY
            for bar, beat, length, pitch in melody:
                notes.append(_played(rng, 4 * number + bar, beat, length, pitch, 92 + round(8 * (beat == 0))))
    return notes


def _bars(voice: str = "") -> list[tuple[int, Chord]]:
    """Bars in which ``voice`` plays, each with its chord."""
    return [
        (4 * number + bar, chord)
        for number, phrase in enumerate(_PHRASES)
        if voice in _TEXTURES[number]
        for bar, chord in enumerate(phrase)
    ]


def _played(rng: Random, bar: int, beat: float, length: float, pitch: int, velocity: int) -> Note:
    """A note as a hand plays it: off-beat sixteenths late, time and touch a little uneven."""
    start = bar * BAR + round(beat * TICKS_PER_BEAT)
    swing = _SWING_TICKS if (start // _SIXTEENTH) % 2 else 0
    shift = round(_LOOSENESS_TICKS * rng.triangular(-1.0, 1.0))
    touch = round(7 * rng.triangular(-1.0, 1.0))
    begin = max(1, start + swing + shift)
    end = min(start + round(length * TICKS_PER_BEAT), BARS * BAR - 1)
    return Note(begin, end, pitch, min(max(velocity + touch, 1), 127))


def _without_overlaps(notes: list[tuple[str, Note]]) -> list[tuple[str, Note]]:
    """Notes of all voices, each ending before its pitch sounds again: there is one key per pitch."""
    ordered = sorted(notes, key=lambda entry: (entry[1].pitch, entry[1].start))
    kept = []
    for index, (voice, note) in enumerate(ordered):
        following = ordered[index + 1][1] if index + 1 < len(ordered) else None
        if following is not None and following.pitch == note.pitch:
            note = replace(note, end=min(note.end, following.start - 1))
        if note.end > note.start:
            kept.append((voice, note))
    return kept


def _note_messages(notes: list[Note]) -> list[tuple[int, mido.Message]]:
    messages = []
    for note in notes:
        on = mido.Message("note_on", note=note.pitch, velocity=note.velocity)
        messages += [(note.start, on), (note.end, mido.Message("note_off", note=note.pitch, velocity=0))]
    return sorted(messages, key=lambda entry: entry[0])


def _knobs() -> list[tuple[int, mido.Message]]:
    """All knobs at the centre, then the tour; a message only where a knob's number changes."""
    standing = dict.fromkeys(range(8), -1)
    messages = []
    for tick in range(0, BARS * BAR, _KNOB_TICKS):
        for knob in range(8):
            value = _knob_position(knob, tick)
            if value != standing[knob]:
                standing[knob] = value
                change = mido.Message("control_change", control=FIRST_KNOB + knob, value=value)
                messages.append((tick, change))
    return messages


def _knob_position(knob: int, tick: int) -> int:
    """Where a knob stands: the centre, or on a smooth way to its turning point and back."""
    for moved, first_bar, bars, turning_point in (*_TOUR, *_TOGETHER):
        through = (tick / BAR - first_bar) / bars
        if moved == knob and 0.0 <= through < 0.98:
            swing = 0.5 - 0.5 * math.cos(2 * math.pi * through / 0.98)
            return round(KNOB_CENTRE + (turning_point - KNOB_CENTRE) * swing)
    return KNOB_CENTRE


def _track(name: str, messages: Sequence[tuple[int, Any]]) -> mido.MidiTrack:
    """A track of messages at absolute ticks; it ends with the last bar."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name, time=0)])
    now = 0
    for tick, message in messages:
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=BARS * BAR - now))
    return track


if __name__ == "__main__":
    compose().save(Path(__file__).with_name("demo.mid"))
