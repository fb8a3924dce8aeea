"""When packets are played, in virtual time: exactly, and with clocks that differ."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.rtp.clock_drift import ClockDrift
from tsumami.bridge.rtp.depth import AdaptiveDepth, Depth, FixedDepth
from tsumami.bridge.rtp.jitter_buffer import Samples
from tsumami.bridge.rtp.playout import Playout
from tsumami.bridge.rtp.resampler import DriftResampler
from tsumami.bridge.rtp.sequence import Arrival

RATE = 48_000
PACKET = 480
BLOCK = 128
STOPPED = "the sender has stopped; waiting for it"


def decode(payload: bytes) -> Samples:
    return np.frombuffer(payload, np.float32)[:, np.newaxis]


@dataclass
class Sender:
    """Sends packets of 10 ms whose samples are their own timestamps, by a clock that runs ``ppm`` fast."""

    ppm: float = 0.0
    begins: float = 100.0
    stream: int = 0
    timestamp: int = 5_000

    def packet(self, number: int, delay_seconds: float) -> Arrival:
        timestamp = self.timestamp + number * PACKET
        sound = np.arange(timestamp, timestamp + PACKET, dtype=np.float32)
        sent = self.begins + number * PACKET / RATE / (1 + self.ppm * 1e-6)
        return Arrival(self.stream, number, timestamp, PACKET, sound.tobytes(), sent + delay_seconds)

    def packets(self, delays: Iterable[float]) -> Iterator[Arrival]:
        return (self.packet(number, delay) for number, delay in enumerate(delays))


@dataclass
class Heard:
    """What a `Playout` gave, block by block."""

    times: list[float] = field(default_factory=list)
    samples: list[Samples] = field(default_factory=list)
    lost: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    @property
    def sound(self) -> npt.NDArray[np.float32]:
        """All samples that were not lost."""
        return np.concatenate(self.samples)[:, 0][~np.concatenate(self.lost)]

    @property
    def lost_frames(self) -> int:
        return int(np.concatenate(self.lost).sum())


def new_playout(
    depth: Depth | None = None, said: list[str] | None = None, *, is_live: bool = True
) -> Playout:
    return Playout(
        lambda: decode,
        channels=1,
        sample_rate=RATE,
        block_size=BLOCK,
        depth=depth or FixedDepth(0.05),
        is_live=is_live,
        tell=lambda _: None if said is None else said.append(_),
    )


def play(playout: Playout, arrivals: Iterable[Arrival], heard: Heard | None = None) -> Heard:
    """Let virtual time run over these arrivals and three seconds more."""
    heard = heard or Heard()
    for arrival in sorted(arrivals, key=lambda one: one.arrived_seconds):
        run_until(playout, arrival.arrived_seconds, heard)
        playout.insert(arrival)
    run_until(playout, (playout.due or 0.0) + 3.0, heard)
    return heard


def run_until(playout: Playout, end: float, heard: Heard) -> None:
    while playout.due is not None and playout.due <= end:
        now = playout.due
        spans = playout.take(now)
        if spans:
            heard.times.append(now)
            heard.ratios.append(playout.ratio)
            heard.samples += [span.samples for span in spans]
            heard.lost += [np.full(len(span.samples), span.is_lost) for span in spans]


def timestamps(first: int, count: int) -> npt.NDArray[np.float32]:
    return np.arange(first, first + count, dtype=np.float32)


@given(st.lists(st.floats(0.0, 0.045), min_size=5, max_size=60), st.booleans())
def test_jitter_below_the_depth_is_not_heard(delays: list[float], is_live: bool) -> None:
    playout = new_playout(is_live=is_live)
    heard = play(playout, Sender().packets(delays))
    np.testing.assert_array_equal(heard.sound, timestamps(5_000, len(delays) * PACKET))
    assert playout.concealed_frames == 0
    assert playout.counts.played == len(delays)


@given(st.lists(st.floats(0.0, 0.2) | st.none(), min_size=2, max_size=100))
def test_every_packet_is_counted_once(delays: list[float | None]) -> None:
    sent = [Sender().packet(number, delay) for number, delay in enumerate(delays) if delay is not None]
    playout = new_playout()
    for _ in range(2):
        sent += sent[::7]
    play(playout, sent) if sent else None
    counts = playout.counts
    came = counts.played + counts.late + counts.duplicate + counts.skipped
    assert came == len(sent)
    assert counts.queued == counts.overflowed == counts.undecodable == 0
    numbers = {arrival.sequence for arrival in sent}
    assert counts.lost == (max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0)


@pytest.mark.parametrize("ppm", [200.0, -200.0])
def test_clock_that_differs_is_followed(ppm: float) -> None:
    """Two and a half minutes with 3 ms of jitter: never early nor late, and the pace hardly moves."""
    jitter = np.random.default_rng(3).exponential(0.003, 15_000).clip(max=0.03)
    playout = new_playout()
    heard = play(playout, Sender(ppm).packets(jitter))
    assert playout.concealed_frames == 0
    np.testing.assert_array_equal(heard.sound, timestamps(5_000, 15_000 * PACKET))
    settled = np.array(heard.ratios[len(heard.ratios) // 2 : -1000])
    np.testing.assert_allclose(settled, 1 + ppm * 1e-6, rtol=0, atol=20e-6)


@pytest.mark.parametrize("ppm", [200.0, -200.0, 0.0])
def test_drift_is_found_to_one_ppm(ppm: float) -> None:
    clock = ClockDrift()
    jitter = np.random.default_rng(4).exponential(0.005, 13_000)
    for packet in Sender(ppm).packets(jitter):
        clock.observe(packet.timestamp / RATE, packet.arrived_seconds)
    assert clock.drift_ppm == pytest.approx(ppm, abs=1.0)


@pytest.mark.parametrize("seed", range(5))
def test_jitter_is_not_taken_for_drift(seed: int) -> None:
    """Twenty seconds from a busy computer say nothing of crystals."""
    clock = ClockDrift()
    for packet in Sender().packets(np.random.default_rng(seed).exponential(0.05, 2_000) + 0.01 * seed):
        clock.observe(packet.timestamp / RATE, packet.arrived_seconds)
    assert abs(clock.drift_ppm) < 60.0


@pytest.mark.parametrize("step", [0.02, -0.02])
def test_change_of_delay_is_not_taken_for_drift(step: float) -> None:
    clock = ClockDrift()
    delays = np.random.default_rng(8).exponential(0.002, 9_000) + 1.0
    delays[4_500:] += step
    for packet in Sender(50.0).packets(delays):
        clock.observe(packet.timestamp / RATE, packet.arrived_seconds)
    assert clock.drift_ppm == pytest.approx(50.0, abs=10.0)
    assert clock.delay_seconds(190.0) - clock.delay_seconds(189.0) == pytest.approx(-50e-6, abs=10e-6)


def test_sine_of_a_drifting_sender_stays_clean() -> None:
    """What is left beside the sine, whose pitch glides by the steering, lies 90 dB below it everywhere."""
    hz, ppm = 997.0, 200.0
    jitter = np.random.default_rng(5).exponential(0.003, 6_000).clip(max=0.03)
    playout = new_playout()
    heard = play(playout, Sender(ppm).packets(jitter))
    sine = np.sin(2 * np.pi * hz * heard.sound.astype(np.float64) / RATE).astype(np.float32)
    resampler = DriftResampler(1, RATE)
    blocks = (sine[start : start + BLOCK, np.newaxis] for start in range(0, len(sine), BLOCK))
    resampled = [resampler.process(block, ratio) for block, ratio in zip(blocks, heard.ratios, strict=False)]
    out = np.concatenate(resampled)[:, 0]
    # As many samples as our clock has counted, to the 30 ms by which the first packets set the place.
    seconds = len(sine) / RATE / (1 + ppm * 1e-6)
    assert len(out) == pytest.approx(seconds * RATE, abs=0.03 * RATE)
    frames = out[RATE : len(out) // 2048 * 2048 - RATE]
    windows = np.lib.stride_tricks.sliding_window_view(frames, 2048)[::1024]
    assert max(_beside_sine_db(window) for window in windows) < -90.0


def _beside_sine_db(window: npt.NDArray[np.float32]) -> float:
    """Energy outside 150 Hz of the sine, relative to it."""
    power = np.abs(np.fft.rfft(window * np.kaiser(len(window), 14))) ** 2
    hz = np.fft.rfftfreq(len(window), 1 / RATE)
    near = np.abs(hz - 997.0) < 150.0
    return float(10 * np.log10(power[~near].sum() / power[near].sum()))


def test_depth_follows_the_network() -> None:
    random = np.random.default_rng(6)
    depth = AdaptiveDepth()
    for scale, least, most in ((0.001, 0.005, 0.016), (0.02, 0.08, 0.14), (0.001, 0.005, 0.016)):
        for excess in random.exponential(scale, 15_000):
            depth.observe(excess, 0.01)
        assert least < depth.seconds < most


def test_adaptive_depth_leaves_few_packets_late() -> None:
    jitter = np.random.default_rng(7).exponential(0.01, 6_000)
    said: list[str] = []
    playout = new_playout(AdaptiveDepth(), said)
    play(playout, Sender().packets(jitter))
    assert playout.counts.late < 0.01 * 6_000
    assert said == [STOPPED]
    assert playout.skips == 0


def test_sender_that_stops_is_waited_for() -> None:
    said: list[str] = []
    playout = new_playout(said=said)
    heard = play(playout, Sender().packets([0.0] * 50))
    assert heard.sound[-1] == 5_000 + 50 * PACKET - 1
    assert said == [STOPPED]
    assert (playout.is_sounding, playout.due) == (False, None)
    assert heard.lost_frames == pytest.approx(RATE, abs=0.1 * RATE), "a second of fading"
    assert playout.concealed_frames == 0, "the end of a stream is no loss"
    again = [Sender(begins=110.0).packet(number, 0.0) for number in range(50, 100)]
    heard = play(playout, again)
    assert heard.times[0] == pytest.approx(110.5 + 0.05, abs=1e-9)
    assert heard.sound[0] == 5_000 + 50 * PACKET
    assert playout.counts.lost == 0


def test_another_stream_follows_without_a_gap() -> None:
    playout = new_playout()
    first = list(Sender().packets([0.01] * 100))
    second = list(Sender(begins=101.0, stream=1, timestamp=9_000_000).packets([0.01] * 100))
    heard = play(playout, first + second)
    sound = heard.sound
    np.testing.assert_array_equal(sound[-100 * PACKET :], timestamps(9_000_000, 100 * PACKET))
    assert 100 * PACKET - len(sound[: -100 * PACKET]) <= BLOCK
    assert playout.concealed_frames <= 2 * BLOCK
    assert playout.skips == 1


@pytest.mark.parametrize("is_live", [True, False])
@pytest.mark.parametrize("change", [0.3, 1.5, -0.3, -1.5])
def test_network_whose_delay_changes_for_good_is_heard_again(change: float, is_live: bool) -> None:
    delays = [2.0] * 200 + [2.0 + change] * 1_000
    playout = new_playout(is_live=is_live)
    heard = play(playout, Sender().packets(delays))
    np.testing.assert_array_equal(
        heard.sound[-500 * PACKET :], timestamps(5_000 + 700 * PACKET, 500 * PACKET)
    )
    assert playout.counts.late + playout.counts.skipped < 200


def test_sender_that_catches_up_is_heard_whole_or_in_time() -> None:
    """A program that starts slowly sends what it owes at once."""
    in_time = Sender().packets([0.0] * 505)
    arrivals = [replace(arrival, arrived_seconds=max(arrival.arrived_seconds, 100.9)) for arrival in in_time]
    playout = new_playout(is_live=False)
    heard = play(playout, arrivals)
    np.testing.assert_array_equal(heard.sound, timestamps(5_000, 505 * PACKET))
    heard = play(new_playout(), arrivals)
    last = np.concatenate(heard.samples)[:, 0].argmax()
    played_at = heard.times[last // BLOCK]
    assert played_at == pytest.approx(100.0 + 505 * PACKET / RATE + 0.05, abs=0.01)


def test_flood_is_said_and_bounded() -> None:
    said: list[str] = []
    playout = new_playout(said=said)
    for number in range(3_000):
        playout.insert(Sender().packet(number, -number * PACKET / RATE))
    assert playout.counts.queued == 2 * RATE // PACKET
    assert [text.split(";")[0] for text in said] == ["packets come faster than they are played"]


@pytest.mark.parametrize("is_live", [True, False])
def test_another_rate_is_said(is_live: bool) -> None:
    said: list[str] = []
    playout = new_playout(said=said, is_live=is_live)
    play(playout, Sender(ppm=(44_100 / 48_000 - 1) * 1e6).packets([0.0] * 2_000))
    assert said[0] == "about 44100 samples come for each second; check --rate"


@pytest.mark.parametrize("is_live", [True, False])
def test_sender_that_goes_while_all_is_late_has_stopped(is_live: bool) -> None:
    said: list[str] = []
    playout = new_playout(said=said, is_live=is_live)
    play(playout, Sender().packets([0.0] * 100 + [0.7] * 60))
    assert (said[-1], playout.is_sounding, playout.due) == (STOPPED, False, None)
