"""The jitter buffer: any order plays in order, sample for sample, and every packet is accounted for."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.rtp.jitter_buffer import JitterBuffer, Samples, Verdict
from tsumami.bridge.rtp.sequence import Arrival

CAPACITY = 48_000


def decode(payload: bytes) -> Samples | None:
    samples = np.frombuffer(payload, np.float32)[:, np.newaxis]
    return None if np.isnan(samples).any() else samples


def arrival(sequence: int, timestamp: int, samples: npt.NDArray[np.floating[Any]]) -> Arrival:
    return Arrival(0, sequence, timestamp, len(samples), samples.astype(np.float32).tobytes(), 0.0)


def stream_of(sizes: list[int], start: int = 1_000) -> tuple[list[Arrival], Samples]:
    """Packets of these sizes and all their samples, which are never zero."""
    sound = np.arange(1, sum(sizes) + 1, dtype=np.float32)
    ends = np.cumsum(sizes)
    packets = [
        arrival(number, start + int(end) - size, sound[end - size : end])
        for number, (size, end) in enumerate(zip(sizes, ends, strict=True))
    ]
    return packets, sound


def buffer_at(position: int) -> JitterBuffer:
    buffer = JitterBuffer(decode, 1, CAPACITY)
    buffer.move_to(position)
    return buffer


def take_blocks(buffer: JitterBuffer, blocks: list[int]) -> tuple[Samples, Samples]:
    """The samples of these blocks, and which of them were lost."""
    spans = [span for block in blocks for span in buffer.take(block)]
    samples = np.concatenate([span.samples[:, 0] for span in spans])
    lost = np.concatenate([np.full(len(span.samples), span.is_lost) for span in spans])
    return samples, lost


SIZES = st.lists(st.integers(1, 400), min_size=1, max_size=30)


@given(SIZES, st.data())
def test_any_order_plays_in_order(sizes: list[int], data: st.DataObject) -> None:
    packets, sound = stream_of(sizes)
    buffer = buffer_at(1_000)
    for packet in data.draw(st.permutations(packets)):
        assert buffer.insert(packet) is Verdict.QUEUED
    block = data.draw(st.integers(1, 300))
    samples, lost = take_blocks(buffer, [block] * -(-len(sound) // block))
    np.testing.assert_array_equal(samples[: len(sound)], sound)
    assert not lost[: len(sound)].any()
    assert lost[len(sound) :].all()
    assert (buffer.is_empty, buffer.counts.lost, buffer.counts.played) == (True, 0, len(packets))


@given(SIZES, st.data())
def test_lost_samples_are_those_of_the_lost_packets(sizes: list[int], data: st.DataObject) -> None:
    packets, sound = stream_of([10, *sizes, 10])
    kept = [True, *data.draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes))), True]
    buffer = buffer_at(1_000)
    for packet, is_kept in zip(packets, kept, strict=True):
        if is_kept:
            buffer.insert(packet)
    samples, lost = take_blocks(buffer, [len(sound)])
    expected = np.repeat(kept, [packet.frames for packet in packets])
    np.testing.assert_array_equal(lost, ~expected)
    np.testing.assert_array_equal(samples, sound * expected)
    assert buffer.counts.lost == kept.count(False)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(-3, 40), st.booleans()), max_size=200), st.data())
def test_every_packet_is_accounted_for(events: list[tuple[int, int, bool]], data: st.DataObject) -> None:
    """Whatever comes, early, twice, late, broken or overlapping: the counts add up, and blocks are whole."""
    buffer = JitterBuffer(decode, 1, 1_500)
    if data.draw(st.booleans()):
        buffer.move_to(0)
    for number, shift, is_good in events:
        buffer.insert(arrival(number, 100 * number + shift, np.full(100, 1.0 if is_good else np.nan)))
        if number % 3 == 0:
            assert sum(len(span.samples) for span in buffer.take(64)) in (0, 64)
        if number % 17 == 0:
            buffer.move_to(100 * number)
    counts = dataclasses.asdict(buffer.counts)
    lost, _reordered = counts.pop("lost"), counts.pop("reordered")
    assert sum(counts.values()) == len(events)
    numbers = {number for number, *_ in events}
    assert lost == (max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0)


def test_late_is_not_lost() -> None:
    packets, _ = stream_of([100] * 4)
    buffer = buffer_at(1_000)
    buffer.insert(packets[0])
    buffer.insert(packets[3])
    take_blocks(buffer, [300])
    assert buffer.counts.lost == 2
    assert buffer.insert(packets[1]) is Verdict.LATE
    assert buffer.insert(packets[1]) is Verdict.DUPLICATE
    assert buffer.insert(packets[2]) is Verdict.LATE
    assert (buffer.counts.lost, buffer.counts.late, buffer.counts.duplicate) == (0, 2, 1)


def test_rest_of_a_packet_that_comes_within_its_time_is_played() -> None:
    packets, sound = stream_of([100, 100])
    buffer = buffer_at(1_000)
    buffer.insert(packets[0])
    _, lost = take_blocks(buffer, [140])
    assert lost.sum() == 40
    buffer.insert(packets[1])
    samples, lost = take_blocks(buffer, [60])
    np.testing.assert_array_equal(samples, sound[140:])
    assert not lost.any()


def test_flood_is_held_within_bounds() -> None:
    buffer = buffer_at(0)
    verdicts = [
        buffer.insert(arrival(number, number * 100, np.ones(100, np.float32))) for number in range(2_000)
    ]
    assert verdicts.count(Verdict.QUEUED) == CAPACITY // 100
    small = buffer_at(0)
    for number in range(10_000):
        small.insert(arrival(number, number, np.ones(1, np.float32)))
    assert small.counts.queued == 4096
