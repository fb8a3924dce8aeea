"""JackTrip's packets: as its own program sends them, in any order, and whatever else comes."""

import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.signal
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tests.jack import JackServer
from tests.rtp_relay import free_port, free_socket, port_of
from tests.waiting import until
from tsumami.bridge.rtp.codecs import make_codec
from tsumami.bridge.rtp.depth import FixedDepth
from tsumami.bridge.rtp.jitter_buffer import Samples
from tsumami.bridge.rtp.receiver import Receiver
from tsumami.engine.errors import ParameterError

RATE = 48_000
FRAMES = 128


def packet(sequence: int, sound: npt.NDArray[np.float32], bits: int = 16) -> bytes:
    """A packet of ``sound``, ``[frames, channels]``."""
    header = struct.pack("<QHHBBBB", 0, sequence % 2**16, len(sound), 3, bits, sound.shape[1], 0)
    planes = sound.T if bits == 32 else np.rint(sound.T * 2**15)
    return header + planes.astype({16: "<i2", 32: "<f4"}[bits]).tobytes()


def noise(frames: int, channels: int = 2) -> npt.NDArray[np.float32]:
    values = np.random.default_rng(1).integers(-9_000, 9_000, (frames, channels))
    return (values / 2**15).astype(np.float32)


@pytest.mark.parametrize("bits", [16, 32])
@given(channels=st.integers(1, 4), frames=st.integers(1, 300), sequence=st.integers(0, 2**16 - 1))
def test_samples_come_back(bits: int, channels: int, frames: int, sequence: int) -> None:
    sound = noise(frames, channels)
    codec = make_codec("jacktrip", RATE, channels)
    (one,) = codec.parser()(packet(sequence, sound, bits)) or []
    assert (one.sequence, codec.frames(one.payload)) == (sequence, frames)
    np.testing.assert_array_equal(codec.decoder()(one.payload), sound)


@given(st.binary(max_size=80) | st.integers(0, 600).map(lambda size: packet(1, noise(FRAMES))[:size]))
def test_any_bytes_are_packets_or_garbage(data: bytes) -> None:
    codec = make_codec("jacktrip", RATE, 2)
    for one in codec.parser()(data) or ():
        samples = codec.decoder()(one.payload)
        assert samples is not None
        assert len(samples) == codec.frames(one.payload)
    codec.decoder()(data)


def test_redundancy_fills_in_and_a_wrap_goes_on() -> None:
    sound = noise(FRAMES)
    parse = make_codec("jacktrip", RATE, 2).parser()
    first = parse(packet(2**16 - 2, sound)) or []
    both = parse(packet(0, sound) + packet(2**16 - 1, sound)) or []
    assert [one.sequence for one in both] == [2**16 - 1, 0]
    times = [one.timestamp for one in (*first, *both)]
    assert [(time - times[0]) % 2**32 for time in times] == [0, FRAMES, 2 * FRAMES]


def test_leaving_is_no_garbage_and_another_rate_is() -> None:
    parse = make_codec("jacktrip", RATE, 2).parser()
    assert parse(b"\xff" * 63) == []
    assert make_codec("jacktrip", 44_100, 2).parser()(packet(0, noise(FRAMES))) is None


def test_rate_without_a_code_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"rate must be one of 22050, .* Hz for JackTrip, got 16000"):
        make_codec("jacktrip", 16_000, 2)


class Silent:
    """Leaves what is lost as it is: a probe, no product."""

    latency_samples = 0

    def process(self, block: Samples, is_lost: bool) -> Samples:
        return np.zeros_like(block) if is_lost else block

    def reset(self) -> None:
        pass


def test_peer_is_heard(jack_server: JackServer, tmp_path: Path) -> None:
    """jacktrip in peer mode sends what jack-play plays to it."""
    assert shutil.which("jacktrip"), "apt-get install jacktrip"
    assert shutil.which("jack-play"), "apt-get install jack-tools"
    sound = np.asarray(scipy.signal.lfilter(np.hanning(32) / 8, 1.0, noise(RATE // 2), axis=0))
    soundfile.write(tmp_path / "noise.wav", sound, RATE, subtype="FLOAT")
    blocks, said, port = list[Samples](), list[str](), free_socket()
    receiver = Receiver(
        port,
        make_codec("jacktrip", RATE, 2),
        Silent(),
        blocks.append,
        depth=FixedDepth(0.2),
        block_size=FRAMES,
        tell=said.append,
    )
    ports = ("-B", str(free_port()), "-P", str(port_of(port)))
    words = ["jacktrip", "-c", "127.0.0.1", *ports, "-n", "2", "-b", "16", "--clientname", "Peer"]
    with receiver, subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as peer:
        try:
            until(lambda: receiver.statistics().played > 0, said)
            until(lambda: "Peer:send_2" in jack_server.ports(), said)
            _play(tmp_path / "noise.wav", "Peer:send_%d")
            until(lambda: _likeness(sound[:, 1], np.concatenate(blocks)[:, 1]) > 0.99, said)
        finally:
            peer.terminate()


def _play(path: Path, ports: str) -> None:
    """Play a file to JACK ports, to its end."""
    environment = {**os.environ, "JACK_PLAY_CONNECT_TO": ports}
    subprocess.run(["jack-play", str(path)], env=environment, check=True, timeout=60, capture_output=True)


def _likeness(sound: npt.NDArray[np.floating[Any]], heard: npt.NDArray[np.float32]) -> float:
    """Correlation of 20 ms from the middle of ``sound`` with their best place in ``heard``."""
    sought = sound[RATE // 4 : RATE // 4 + RATE // 50].astype(np.float64)
    at = int(scipy.signal.correlate(heard.astype(np.float64), sought, "valid").argmax())
    found = heard[at : at + len(sought)]
    power = float((sought @ sought) * (found @ found))
    return float(sought @ found) / power**0.5 if power else 0.0
