"""The receiver hears a real sender, ffmpeg, over a bad network, and ends well whatever comes."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from tests.rtp_relay import LOCAL, Relay, Weather, ffmpeg_sends, free_port, free_socket, port_of
from tests.waiting import until
from tsumami.bridge.rtp.codecs import make_codec
from tsumami.bridge.rtp.depth import FixedDepth
from tsumami.bridge.rtp.jitter_buffer import Samples
from tsumami.bridge.rtp.port import Address, open_input, open_output, parse_address
from tsumami.bridge.rtp.receiver import Receiver
from tsumami.bridge.rtp.sender import RtpSender
from tsumami.engine.errors import DeviceError, ParameterError

RATE = 48_000
SECONDS = 1.0
DEPTH_SECONDS = 0.4
"""A busy computer's own delays stay below."""
_STOPPED = "the sender has stopped; waiting for it"
TONE = np.full((240, 2), 0.25, np.float32)


class Marker:
    """Leaves what came as it is and puts a mark where something is lost: no product, a probe."""

    MARK = 2.0
    latency_samples = 0

    def process(self, block: Samples, is_lost: bool) -> Samples:
        return np.full_like(block, self.MARK) if is_lost else block

    def reset(self) -> None:
        pass


class Rig:
    """A receiver, what it gave, and what it said."""

    def __init__(self, codec: str = "L16", rate: int = RATE, *, is_resampled: bool = False) -> None:
        self.said: list[str] = []
        self.blocks: list[Samples] = []
        self.port = free_socket()
        self.receiver = Receiver(
            self.port,
            make_codec(codec, rate, 2),
            Marker(),
            self.blocks.append,
            depth=FixedDepth(DEPTH_SECONDS),
            block_size=128,
            is_resampled=is_resampled,
            tell=self.said.append,
        )

    @property
    def sound(self) -> npt.NDArray[np.float32]:
        return np.concatenate(self.blocks)

    def wait_until_over(self) -> None:
        until(lambda: self.receiver.has_ended, self.said)


def write_noise(path: Path, rate: int = RATE) -> npt.NDArray[np.float32]:
    """A second of noise in 16 bits, in which every place is known by its samples."""
    noise = np.random.default_rng(1).integers(-9_000, 9_000, (round(SECONDS * rate), 2)).astype(np.int16)
    soundfile.write(path, noise, rate, subtype="PCM_16")
    return (noise / 2**15).astype(np.float32)


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    with rig.receiver:
        yield rig


@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_what_ffmpeg_sends_is_heard_exactly(tmp_path: Path, rate: int) -> None:
    noise = write_noise(tmp_path / "noise.wav", rate)
    rig = Rig(rate=rate)
    with rig.receiver, ffmpeg_sends(tmp_path / "noise.wav", "pcm_s16be", port_of(rig.port)):
        rig.wait_until_over()
    heard = rig.sound[: len(noise)]
    np.testing.assert_array_equal(heard, noise)
    numbers = rig.receiver.statistics()
    assert (numbers.lost, numbers.late, numbers.duplicate, numbers.concealed_ms) == (0, 0, 0, 0.0)
    assert numbers.seconds == pytest.approx(SECONDS, abs=1e-9)


def test_bad_network_is_put_in_order_and_counted(tmp_path: Path) -> None:
    noise = write_noise(tmp_path / "noise.wav")
    rig = Rig()
    weather = Weather(loss=0.2, burst=2, duplication=0.1, jitter_seconds=0.04, late=0.03, seed=5)
    with (
        rig.receiver,
        Relay(port_of(rig.port), weather) as relay,
        ffmpeg_sends(tmp_path / "noise.wav", "pcm_s16be", relay.port),
    ):
        rig.wait_until_over()
    numbers = rig.receiver.statistics()
    heard = rig.sound[: len(noise)]
    is_lost = (heard == Marker.MARK).all(axis=1)
    np.testing.assert_array_equal(heard[~is_lost], noise[: len(heard)][~is_lost])
    assert relay.late > 0
    assert numbers.lost == relay.lost() > 10
    assert numbers.duplicate == relay.duplicated > 5
    assert numbers.reordered > 20
    assert numbers.late >= relay.late - 1, "the last of them may come when all is over"
    assert numbers.received == relay.passed + relay.duplicated
    assert numbers.received == numbers.played + numbers.duplicate + numbers.late + numbers.skipped


def test_opus_of_ffmpeg_is_heard(tmp_path: Path) -> None:
    time_axis = np.arange(round(SECONDS * RATE)) / RATE
    sine = (0.3 * np.sin(2 * np.pi * 440 * time_axis)).astype(np.float32)
    soundfile.write(tmp_path / "sine.wav", np.stack([sine, sine], 1), RATE)
    rig = Rig("opus")
    with (
        rig.receiver,
        Relay(port_of(rig.port), Weather(loss=0.05, jitter_seconds=0.01, seed=2)) as relay,
        ffmpeg_sends(tmp_path / "sine.wav", "libopus", relay.port),
    ):
        rig.wait_until_over()
    assert rig.receiver.statistics().lost == relay.lost() > 0
    clean = rig.sound[4_800 : 4_800 + 9_600, 0]  # the first thirty packets are never dropped
    spectrum = np.abs(np.fft.rfft(clean * np.hanning(len(clean))))
    assert np.argmax(spectrum) == 88, "440 Hz in steps of 5 Hz"
    assert clean.std() == pytest.approx(sine.std(), rel=0.02)


def test_our_clock_gets_its_samples(tmp_path: Path) -> None:
    write_noise(tmp_path / "noise.wav")
    rig = Rig(is_resampled=True)
    with rig.receiver, ffmpeg_sends(tmp_path / "noise.wav", "pcm_s16be", port_of(rig.port)):
        rig.wait_until_over()
    assert rig.receiver.statistics().concealed_ms == 0.0
    # The sound, and until a second after the last packet came; a slow start of the sender is left out.
    assert 0.5 * RATE < len(rig.sound) < (SECONDS + 1.0) * RATE


def test_sender_of_ours_is_heard_and_heard_again(rig: Rig) -> None:
    with RtpSender(Address(LOCAL, port_of(rig.port)), make_codec("L16", RATE, 2)) as sender:
        for turn in (1, 2):
            _send_in_time(sender, [TONE] * 40)
            until(lambda turn=turn: rig.said.count(_STOPPED) == turn, rig.said)
            assert rig.receiver.statistics().played == 40 * turn, str(rig.receiver.statistics().document())
    assert rig.said == [_STOPPED, "the sender is back", _STOPPED]
    assert rig.receiver.statistics().lost == 0


def test_garbage_reports_and_other_types_are_counted_and_said_once(rig: Rig) -> None:
    target = (LOCAL, port_of(rig.port))
    random = np.random.default_rng(3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anyone:
        for _ in range(50):
            anyone.sendto(bytes([0x55]) + random.bytes(int(random.integers(0, 200))), target)
            anyone.sendto(bytes([0x80, 200]) + bytes(26), target)
            anyone.sendto(bytes([0x80, 10]) + bytes(200), target)
            anyone.sendto(bytes([0x80, 96]) + bytes(13), target)
        until(lambda: rig.receiver.statistics().wrong_type == 50, rig.said)
    until(lambda: rig.receiver.statistics().garbage == 100, rig.said)
    assert rig.receiver.statistics().received == 0
    assert [text.split(";")[0] for text in rig.said] == [
        "what comes is no RTP",
        "payload type 10 comes and is not played (it is L16 at 44100 Hz in 2 channels)",
    ]
    with RtpSender(Address(*target), make_codec("L16", RATE, 2)) as sender:
        _send_in_time(sender, [TONE] * 20)
    until(lambda: rig.receiver.statistics().played == 20, rig.said)


def test_flood_ends_and_the_stream_is_heard_again(rig: Rig) -> None:
    codec = make_codec("L16", RATE, 2)
    with RtpSender(Address(LOCAL, port_of(rig.port)), codec) as flood:
        for _ in range(5_000):
            flood.send(np.zeros_like(TONE))
    until(lambda: rig.receiver.statistics().received > 0, rig.said)
    assert rig.receiver.statistics().queued <= 4096
    with RtpSender(Address(LOCAL, port_of(rig.port)), codec) as sender:
        _send_in_time(sender, [TONE] * 200)
    rig.wait_until_over()
    assert (rig.sound == 0.25).all(axis=1).sum() > 100 * 240


def test_sink_that_fails_ends_the_receiver() -> None:
    rig = Rig()

    def fail(_samples: Samples) -> None:
        raise OSError("disk full")

    rig.receiver._sink = fail
    address = Address(LOCAL, port_of(rig.port))
    with rig.receiver, RtpSender(address, make_codec("L16", RATE, 2)) as sender:
        _send_in_time(sender, [TONE] * 20)
        until(lambda: rig.receiver.has_ended, rig.said)
    assert isinstance(rig.receiver.error, OSError)


def test_port_in_use_is_one_line() -> None:
    with free_socket() as taken, pytest.raises(DeviceError, match=r"free port, got 127\.0\.0\.1:.* in use"):
        open_input(Address(LOCAL, port_of(taken)))


@pytest.mark.parametrize("host", ["::1", "239.7.7.7"])
def test_other_kinds_of_address_are_heard(host: str) -> None:
    """IPv6, and a multicast group, which this computer's own interface carries."""
    address = Address(host, free_port())
    with open_input(address) as heard, open_output(address)[0] as sender:
        if host.startswith("239."):
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOCAL))
            heard.setsockopt(
                socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(host) + socket.inet_aton(LOCAL)
            )
        sender.sendto(b"sound", (host, address.port))
        assert heard.recv(100) == b"sound"


@pytest.mark.parametrize("text", ["", "5004", "host:", "host:0", "host:70000", "host:x"])
def test_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="--listen must be HOST:PORT"):
        parse_address(text, "--listen")


def test_addresses_are_read() -> None:
    assert parse_address(":5004", "--listen") == Address("0.0.0.0", 5004)
    assert parse_address("[::1]:5004", "--listen") == Address("::1", 5004)
    assert str(parse_address("[::1]:5004", "--listen")) == "[::1]:5004"


def _send_in_time(sender: RtpSender, blocks: list[Samples]) -> None:
    """Each block when its time has come."""
    begun = time.monotonic()
    for number, block in enumerate(blocks):
        time.sleep(max(begun + number * len(block) / RATE - time.monotonic(), 0.0))
        sender.send(block)
