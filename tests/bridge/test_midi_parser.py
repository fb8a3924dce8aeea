from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.midi import Message, Parser, Status
from tsumami.bridge.midi.parser import DATA_BYTES

DATA = st.integers(0, 127)
REAL_TIME = st.sampled_from([0xF8, 0xFA, 0xFB, 0xFC, 0xFE])


@st.composite
def messages(draw: st.DrawFn, statuses: tuple[Status, ...] = tuple(DATA_BYTES)) -> Message:
    status = draw(st.sampled_from(statuses))
    channel = draw(st.integers(0, 15)) if status < 0xF0 else 0
    data = [draw(DATA) for _ in range(DATA_BYTES[status])]
    return Message(status, channel, *data)


CHANNEL_MESSAGES = messages(tuple(status for status in Status if status < 0xF0))


@given(st.lists(messages()))
def test_encoded_messages_come_back(sent: list[Message]) -> None:
    assert Parser().feed(b"".join(message.encode() for message in sent)) == sent


@given(st.binary(), st.lists(st.integers(0, 40)))
def test_any_bytes_cut_anywhere_give_the_same_well_formed_messages(stream: bytes, cuts: list[int]) -> None:
    whole = Parser().feed(stream)
    parser, pieces, start = Parser(), [], 0
    for cut in [*cuts, len(stream)]:
        pieces += parser.feed(stream[start : start + cut])
        start += cut
    assert pieces == whole
    for message in whole:
        assert message.status in DATA_BYTES
        assert 0 <= message.channel <= 15
        assert max(message.data1, message.data2) <= 127


@given(st.lists(CHANNEL_MESSAGES, min_size=1))
def test_running_status_gives_the_same_messages(sent: list[Message]) -> None:
    stream, last = b"", -1
    for message in sent:
        encoded = message.encode()
        stream += encoded[1:] if encoded[0] == last else encoded
        last = encoded[0]
    assert Parser().feed(stream) == sent


@given(st.lists(messages()), st.lists(st.tuples(st.integers(0, 200), REAL_TIME)))
def test_real_time_bytes_inside_messages_disturb_nothing(
    sent: list[Message], clocks: list[tuple[int, int]]
) -> None:
    sent = [message for message in sent if message.status < 0xF8]
    stream = bytearray(b"".join(message.encode() for message in sent))
    for place, byte in clocks:
        stream.insert(place % (len(stream) + 1), byte)
    heard = Parser().feed(stream)
    assert [message for message in heard if message.status < 0xF8] == sent
    assert len(heard) - len(sent) == len(clocks)


@given(st.lists(st.one_of(DATA, REAL_TIME)))
def test_sysex_is_skipped_and_ends_running_status(content: list[int]) -> None:
    note = Message(Status.NOTE_ON, 0, 60, 100)
    heard = Parser().feed([*note.encode(), 0xF0, *content, 0xF7, 61, 100, *note.encode()])
    assert [message for message in heard if message.status < 0xF0] == [note, note]


def test_sysex_cut_off_by_a_status_byte_loses_only_itself() -> None:
    assert Parser().feed([0xF0, 1, 2, 0x90, 60, 100]) == [Message(Status.NOTE_ON, 0, 60, 100)]


def test_truncated_message_is_dropped_at_the_next_status_byte() -> None:
    assert Parser().feed([0x90, 60, 0x80, 61, 0]) == [Message(Status.NOTE_OFF, 0, 61, 0)]


def test_system_common_messages_end_running_status() -> None:
    heard = Parser().feed([0x90, 60, 100, 0xF6, 61, 100])
    assert heard == [Message(Status.NOTE_ON, 0, 60, 100), Message(Status.TUNE_REQUEST)]


def test_undefined_bytes_are_dropped() -> None:
    assert Parser().feed([0xF4, 1, 0xF5, 2, 0xF9, 0xFD, 3]) == []


def test_stream_may_start_inside_a_message() -> None:
    assert Parser().feed([100, 0x90, 60, 100]) == [Message(Status.NOTE_ON, 0, 60, 100)]


def test_reset_forgets_an_unfinished_message() -> None:
    parser = Parser()
    parser.feed([0x90, 60])
    parser.reset()
    assert parser.feed([100]) == []
