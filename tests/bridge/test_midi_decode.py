import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.mapping import Mapping, compile_mapping
from tsumami.bridge.mapping.command import Command, index_of
from tsumami.bridge.midi import Decoder, Message, Parser, Status
from tsumami.bridge.session.session import MACRO_NAMES, Map, Midi, Session
from tsumami.engine.events import EVENT_DTYPE, NOW, Events, Kind

MAPPING = compile_mapping(Session(), macros=MACRO_NAMES, parameters=[])


def decode(*messages: Message, mapping: Mapping = MAPPING) -> list[tuple[Kind, int, float]]:
    events = Decoder(mapping).decode(messages)
    return [(Kind(event["kind"]), int(event["index"]), float(event["value"])) for event in events]


def control(number: int, value: int, channel: int = 0) -> Message:
    return Message(Status.CONTROL_CHANGE, channel, number, value)


class Keyboard:
    """What an instrument would have sounding after some events."""

    def __init__(self) -> None:
        self.notes: set[tuple[int, int]] = set()
        self.pedals: set[int] = set()

    def play(self, events: Events) -> None:
        for event in events:
            kind, channel = event["kind"], int(event["channel"])
            key = (channel, int(event["index"]))
            if kind == Kind.NOTE_ON:
                self.notes.add(key)
            elif kind == Kind.NOTE_OFF:
                self.notes.discard(key)
            elif kind == Kind.SUSTAIN:
                (self.pedals.add if event["value"] >= 0.5 else self.pedals.discard)(channel)
            elif kind in (Kind.ALL_NOTES_OFF, Kind.ALL_SOUND_OFF):
                self.notes = {note for note in self.notes if note[0] != channel}
                if kind == Kind.ALL_NOTES_OFF:
                    self.pedals.discard(channel)


@given(st.lists(st.binary(max_size=24)))
def test_noise_never_leaves_a_note_that_release_does_not_end(stream: list[bytes]) -> None:
    parser, decoder, keyboard = Parser(), Decoder(MAPPING), Keyboard()
    for piece in stream:
        keyboard.play(decoder.decode(parser.feed(piece)))
    keyboard.play(decoder.release())
    assert keyboard.notes == set()
    assert keyboard.pedals == set()
    assert not decoder.held
    assert not decoder.sustained


@given(st.binary(max_size=200))
def test_all_notes_off_empties_the_held_notes(stream: bytes) -> None:
    parser, decoder = Parser(), Decoder(MAPPING)
    decoder.decode(parser.feed(stream))
    for channel in range(16):
        decoder.decode([control(123, 0, channel)])
    assert not decoder.held


@given(st.binary(max_size=200))
def test_events_stay_in_their_ranges(stream: bytes) -> None:
    for event in Decoder(MAPPING).decode(Parser().feed(stream)):
        low = -1.0 if event["kind"] == Kind.PITCH_BEND else 0.0
        assert low <= event["value"] <= 1.0
        assert -1 <= event["index"] <= 127
        assert 0 <= event["channel"] <= 15


def test_times_stamps_and_channels_are_handed_on() -> None:
    events = Decoder(MAPPING).decode([Message(Status.NOTE_ON, 5, 60, 127)], stamp_ns=99, time=1234)
    expected = np.array([(1234, 99, 1.0, 60, Kind.NOTE_ON, 5)], EVENT_DTYPE)
    np.testing.assert_array_equal(events, expected)
    assert Decoder(MAPPING).decode([control(20, 1)])["time"] == NOW


def test_note_on_with_velocity_0_is_a_note_off() -> None:
    assert decode(Message(Status.NOTE_ON, 0, 60, 0)) == [(Kind.NOTE_OFF, 60, 0.0)]


@pytest.mark.parametrize(("pitch", "bend"), [(-8192, -1.0), (0, 0.0), (8191, 1.0), (-4096, -0.5)])
def test_pitch_bend_reaches_both_ends_and_an_exact_centre(pitch: int, bend: float) -> None:
    messages = Parser().feed(mido.Message("pitchwheel", pitch=pitch).bytes())
    assert decode(*messages) == [(Kind.PITCH_BEND, 0, bend)]


@pytest.mark.parametrize(("value", "on"), [(0, 0.0), (63, 0.0), (64, 1.0), (127, 1.0)])
def test_sustain_is_on_from_64(value: int, on: float) -> None:
    assert decode(control(64, value)) == [(Kind.SUSTAIN, 0, on)]


@pytest.mark.parametrize("number", range(123, 128))
def test_channel_mode_messages_turn_notes_off(number: int) -> None:
    assert decode(control(number, 0)) == [(Kind.ALL_NOTES_OFF, 0, 0.0)]


def test_all_sound_off_and_reset() -> None:
    assert decode(control(120, 0)) == [(Kind.ALL_SOUND_OFF, 0, 0.0)]
    assert decode(Message(Status.SYSTEM_RESET))[0] == (Kind.ALL_SOUND_OFF, 0, 0.0)
    events = Decoder(MAPPING).decode([Message(Status.NOTE_ON, 3, 60, 1), Message(Status.SYSTEM_RESET)])
    assert events["channel"][events["kind"] == Kind.ALL_SOUND_OFF].tolist() == [0, 3]
    assert (Kind.PITCH_BEND, 0, 0.0) in decode(control(121, 0))


def test_pressure_and_programs() -> None:
    assert decode(Message(Status.POLY_PRESSURE, 0, 61, 127)) == [(Kind.PRESSURE, 61, 1.0)]
    assert decode(Message(Status.CHANNEL_PRESSURE, 0, 127)) == [(Kind.PRESSURE, -1, 1.0)]
    assert decode(Message(Status.PROGRAM_CHANGE, 0, 7)) == [(Kind.PATCH, 7, 0.0)]


def test_knobs_go_where_the_session_says() -> None:
    assert decode(control(21, 127)) == [(Kind.MACRO, 1, 1.0)]
    assert decode(control(1, 0)) == [(Kind.MACRO, 2, 0.0)]
    assert decode(control(77, 5)) == []


def test_other_channels_are_left_out_but_a_system_reset_is_not() -> None:
    session = Session(midi=Midi(channel=2), maps=[Map(cc=9, gain=True)])
    mapping = compile_mapping(session, macros=[], parameters=[])
    assert decode(Message(Status.NOTE_ON, 0, 60, 1), control(9, 127), mapping=mapping) == []
    assert decode(control(9, 127, channel=1), mapping=mapping) == [(Kind.GAIN, 0, 1.0)]
    assert decode(Message(Status.SYSTEM_RESET), mapping=mapping)


def test_clock_and_song_messages_move_nothing() -> None:
    assert decode(Message(Status.CLOCK), Message(Status.SONG_POSITION, 0, 1, 2), Message(Status.START)) == []


def test_a_mapped_program_change_is_a_button_and_the_others_choose_patches() -> None:
    session = Session(maps=[Map(program=3, action="undo"), Map(program=4, macro="bright", high=0.5)])
    mapping = compile_mapping(session, macros=["bright"], parameters=[])
    programs = [Message(Status.PROGRAM_CHANGE, 0, number) for number in (3, 4, 5)]
    assert decode(*programs, mapping=mapping) == [
        (Kind.COMMAND, index_of(Command.UNDO), 1.0),
        (Kind.MACRO, 0, 0.5),
        (Kind.PATCH, 5, 0.0),
    ]


def test_a_mapped_note_s_pressure_is_a_knob_and_presses_no_note() -> None:
    mapping = compile_mapping(
        Session(maps=[Map(poly_pressure=60, tempo=True)]), macros=MACRO_NAMES, parameters=[]
    )
    pressed = [Message(Status.POLY_PRESSURE, 0, note, 127) for note in (60, 61)]
    assert decode(*pressed, mapping=mapping) == [(Kind.TEMPO, 0, 300.0), (Kind.PRESSURE, 61, 1.0)]
