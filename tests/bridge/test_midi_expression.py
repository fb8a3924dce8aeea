"""MPE: what a finger does to its own note."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.mapping import Mapping, compile_mapping
from tsumami.bridge.midi import Decoder, Message, Status
from tsumami.bridge.session.map_tables import Map
from tsumami.bridge.session.session import Instrument, Midi, Session
from tsumami.engine.events import Kind

_Change = tuple[Kind, int, float]


def mapping_of(*maps: Map, instrument: Instrument | None = None, semitones: int = 48) -> Mapping:
    midi = Midi(mpe=True, mpe_semitones=semitones)
    session = Session(midi=midi, maps=list(maps), instrument=instrument or Instrument())
    return compile_mapping(session, macros=["bright"], parameters=[])


def heard(decoder: Decoder, *messages: Message) -> list[_Change]:
    events = decoder.decode(messages)
    return [(Kind(event["kind"]), int(event["index"]), float(event["value"])) for event in events]


def bend(channel: int, steps: int) -> Message:
    return Message(Status.PITCH_BEND, channel, steps & 127, steps >> 7)


def note_on(channel: int, note: int) -> Message:
    return Message(Status.NOTE_ON, channel, note, 127)


def test_each_finger_moves_its_own_note() -> None:
    decoder = Decoder(mapping_of())
    heard(decoder, note_on(1, 60), note_on(2, 64))
    assert heard(decoder, bend(1, 16383)) == [(Kind.NOTE_BEND, 60, 48.0)]
    assert heard(decoder, bend(2, 0)) == [(Kind.NOTE_BEND, 64, -48.0)]
    assert heard(decoder, Message(Status.CHANNEL_PRESSURE, 2, 127)) == [(Kind.PRESSURE, 64, 1.0)]
    slides = [Message(Status.CONTROL_CHANGE, 1, 74, value) for value in (0, 64, 127)]
    assert [value for _, _, value in heard(decoder, *slides)] == [-1.0, 0.0, 1.0]
    heard(decoder, Message(Status.NOTE_OFF, 1, 60, 0))
    assert heard(decoder, bend(1, 8192)) == [], "its note has been let go"


def test_what_comes_before_a_note_is_its_beginning() -> None:
    decoder = Decoder(mapping_of())
    heard(decoder, bend(3, 16383), Message(Status.CONTROL_CHANGE, 3, 74, 127))
    assert heard(decoder, note_on(3, 60)) == [
        (Kind.NOTE_BEND, 60, 48.0),
        (Kind.NOTE_SLIDE, 60, 1.0),
        (Kind.PRESSURE, 60, 0.0),
        (Kind.NOTE_ON, 60, 1.0),
    ]


def test_the_first_channel_is_for_all_notes() -> None:
    decoder = Decoder(mapping_of())
    assert heard(decoder, note_on(0, 60)) == [(Kind.NOTE_ON, 60, 1.0)]
    assert heard(decoder, bend(0, 16383)) == [(Kind.PITCH_BEND, 0, 1.0)]
    assert heard(decoder, Message(Status.CHANNEL_PRESSURE, 0, 127)) == [(Kind.PRESSURE, -1, 1.0)]


def test_a_map_takes_a_dimension_from_the_notes() -> None:
    decoder = Decoder(mapping_of(Map(pressure=True, macro="bright")))
    heard(decoder, note_on(1, 60))
    assert heard(decoder, Message(Status.CHANNEL_PRESSURE, 1, 127)) == [(Kind.MACRO, 0, 1.0)]
    assert heard(decoder, bend(1, 16383)) == [(Kind.NOTE_BEND, 60, 48.0)]


def test_an_instrument_outside_gets_the_channels_as_they_are() -> None:
    decoder = Decoder(mapping_of(instrument=Instrument(kind="external")))
    heard(decoder, note_on(1, 60))
    assert heard(decoder, bend(1, 16383)) == [(Kind.PITCH_BEND, 0, 1.0)]


@given(st.integers(0, 16383), st.integers(1, 96))
def test_a_bend_reaches_as_far_as_the_controller_is_set(steps: int, semitones: int) -> None:
    decoder = Decoder(mapping_of(semitones=semitones))
    heard(decoder, note_on(1, 60))
    ((_, _, value),) = heard(decoder, bend(1, steps))
    assert value == pytest.approx(semitones * (steps - 8192) / 8192, abs=semitones / 8000)
    assert (value == 0.0) == (steps == 8192)
