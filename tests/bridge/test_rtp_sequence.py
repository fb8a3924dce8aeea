"""Streams out of packets: counters that never wrap, jumps, probation, another sender."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.rtp.packet import Packet
from tsumami.bridge.rtp.sequence import Arrival, Sources

RATE = 48_000
FRAMES = 480


def packet(number: int, *, ssrc: int = 1, sequence: int = 0, timestamp: int = 0) -> Packet:
    """The packet ``number`` of a stream that begins at ``sequence`` and ``timestamp``."""
    return Packet(
        payload_type=96,
        sequence=(sequence + number) % 2**16,
        timestamp=(timestamp + number * FRAMES) % 2**32,
        ssrc=ssrc,
        payload=b"",
    )


def accept_all(sources: Sources, packets: Iterable[Packet]) -> list[Arrival]:
    return [arrival for one in packets for arrival in sources.accept(one, FRAMES, 0.0)]


@given(st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1), st.lists(st.integers(1, 300), max_size=400))
def test_counters_never_wrap(sequence: int, timestamp: int, steps: list[int]) -> None:
    numbers = [0, 1]
    for step in steps:
        numbers.append(numbers[-1] + step)
    sources = Sources(RATE)
    arrivals = accept_all(
        sources, (packet(number, sequence=sequence, timestamp=timestamp) for number in numbers)
    )
    assert [arrival.sequence - sequence for arrival in arrivals] == numbers
    assert [arrival.timestamp - timestamp for arrival in arrivals] == [number * FRAMES for number in numbers]
    assert sources.streams == 1


@given(st.permutations(range(40)))
def test_order_does_not_matter(numbers: list[int]) -> None:
    sources = Sources(RATE)
    arrivals = accept_all(sources, (packet(number, sequence=65_530) for number in numbers))
    assert [(arrival.sequence - 65_530) % 2**16 for arrival in arrivals] == numbers
    first = arrivals[0]
    assert all(
        arrival.timestamp - first.timestamp == (arrival.sequence - first.sequence) * FRAMES
        for arrival in arrivals
    )


def test_one_packet_is_no_stream_and_a_second_confirms_it() -> None:
    sources = Sources(RATE)
    assert sources.accept(packet(0), FRAMES, 1.0) == []
    assert sources.accept(packet(0), FRAMES, 1.0) == []
    assert (sources.held, sources.repeats, sources.ssrc) == (1, 1, None)
    both = sources.accept(packet(1), FRAMES, 2.0)
    assert [(arrival.sequence, arrival.arrived_seconds) for arrival in both] == [(0, 1.0), (1, 2.0)]
    assert sources.ssrc == 1


def test_stray_packets_do_not_end_a_stream() -> None:
    sources = Sources(RATE)
    stray = iter(packet(number, ssrc=99) for number in range(100))
    mixed = [one for number in range(20) for one in (packet(number), next(stray), next(stray))]
    arrivals = accept_all(sources, mixed[:60:3][:2] + mixed[6:])
    assert [arrival.sequence for arrival in arrivals] == list(range(20))
    assert sources.streams == 1
    assert sources.strays + sources.held == 36


def test_another_sender_takes_over_and_loses_nothing() -> None:
    sources = Sources(RATE)
    accept_all(sources, map(packet, range(10)))
    new = [packet(number, ssrc=2, sequence=500, timestamp=7_000_000) for number in range(5)]
    arrivals = accept_all(sources, new)
    assert [(arrival.stream, arrival.sequence - 500) for arrival in arrivals] == [(1, n) for n in range(5)]
    assert sources.ssrc == 2


def test_jump_of_timestamps_begins_a_new_stream() -> None:
    sources = Sources(RATE)
    accept_all(sources, map(packet, range(10)))
    arrivals = accept_all(sources, (packet(number, timestamp=5 * RATE) for number in range(10, 20)))
    assert [(arrival.stream, arrival.sequence) for arrival in arrivals] == [(1, n) for n in range(10, 20)]


def test_jump_of_sequence_numbers_begins_a_new_stream() -> None:
    sources = Sources(RATE)
    accept_all(sources, map(packet, range(10)))
    arrivals = accept_all(sources, (packet(number, sequence=20_000) for number in range(10, 20)))
    assert {arrival.stream for arrival in arrivals} == {1}
    assert len(arrivals) == 10


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1))))
def test_any_packets_are_counted_and_few_are_held(fields: list[tuple[int, int, int]]) -> None:
    sources = Sources(RATE)
    packets = [packet(0, ssrc=ssrc, sequence=number, timestamp=time) for ssrc, number, time in fields]
    arrivals = accept_all(sources, packets)
    assert len(arrivals) + sources.held + sources.strays + sources.repeats == len(packets)
    assert sources.held < 3


def test_packets_that_fit_after_all_are_not_lost() -> None:
    """A pause of the sender of about the length that counts as a jump."""
    sources = Sources(RATE)
    accept_all(sources, map(packet, range(10)))
    arrivals = accept_all(sources, (packet(number, timestamp=RATE + FRAMES + 1) for number in range(10, 20)))
    assert sorted(arrival.sequence for arrival in arrivals) == list(range(10, 20))
    assert (sources.streams, sources.strays) == (1, 0)
