"""Payloads: linear samples are exact, Opus is near, nothing that comes can hurt."""

import sys

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.rtp.codecs import Codec, make_codec
from tsumami.engine.errors import ParameterError

RATE = 48_000
ALL = [("L16", 1), ("L16", 2), ("L24", 2), ("L24", 7), ("opus", 1), ("opus", 2)]


def sines(seconds: float, channels: int) -> npt.NDArray[np.float32]:
    time = np.arange(round(seconds * RATE)) / RATE
    return np.stack([0.3 * np.sin(2 * np.pi * 220 * (n + 2) * time) for n in range(channels)], 1).astype(
        np.float32
    )


def through(codec: Codec, sound: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The sound encoded and decoded, packet by packet."""
    encode, decode = codec.encoder(), codec.decoder()
    decoded = []
    for start in range(0, len(sound), codec.packet_frames):
        payload = encode(sound[start : start + codec.packet_frames])
        samples = decode(payload)
        assert samples is not None
        assert len(samples) == codec.frames(payload)
        decoded.append(samples)
    return np.concatenate(decoded)


@pytest.mark.parametrize("name", ["L16", "L24"])
@given(channels=st.integers(1, 8), seed=st.integers(0, 2**16))
def test_linear_samples_come_back_exactly(name: str, channels: int, seed: int) -> None:
    full = 2 ** (8 * {"L16": 2, "L24": 3}[name] - 1)
    values = np.random.default_rng(seed).integers(-full, full, (50, channels))
    sound = (values / full).astype(np.float32)
    np.testing.assert_array_equal(through(make_codec(name, RATE, channels), sound), sound)


def test_linear_bytes_are_those_of_the_standards() -> None:
    sound = np.array([[0.5, -1.0]], np.float32)
    assert make_codec("L16", RATE, 2).encoder()(sound).hex() == "40008000"
    assert make_codec("L24", RATE, 2).encoder()(sound).hex() == "400000800000"


def test_linear_clips_and_has_no_nan() -> None:
    codec = make_codec("L16", RATE, 1)
    sound = np.array([[2.0], [-2.0], [np.nan]], np.float32)
    np.testing.assert_array_equal(through(codec, sound)[:, 0], np.array([1 - 2**-15, -1.0, 0.0], np.float32))


@pytest.mark.parametrize("channels", [1, 2])
def test_opus_keeps_the_sound(channels: int) -> None:
    sound = sines(0.5, channels)
    decoded = through(make_codec("opus", RATE, channels), sound)
    delay = 312  # samples of libopus, the pre-skip of its header
    error = decoded[4800 + delay :] - sound[4800 : len(sound) - delay]
    assert 20 * np.log10(error.std() / sound.std()) < -25.0, "a coder at 96 kbit/s a channel, not a wire"


def test_opus_packets_of_every_length_are_measured() -> None:
    codec = make_codec("opus", RATE, 2)
    first_bytes = {31 << 3: 960, 28 << 3: 120, 28 << 3 | 1: 240, 3 << 3: 2880, 13 << 3 | 2: 1920}
    for first, frames in first_bytes.items():
        assert codec.frames(bytes([first, 0])) == frames
    assert codec.frames(bytes([31 << 3 | 3, 6])) == 5760
    assert codec.frames(bytes([31 << 3 | 3, 7])) == 0, "more than 120 ms"


@pytest.mark.parametrize(("name", "channels"), ALL)
@given(payload=st.binary(max_size=60))
def test_any_payload_is_samples_or_none(name: str, channels: int, payload: bytes) -> None:
    codec = make_codec(name, RATE, channels)
    frames = codec.frames(payload)
    samples = codec.decoder()(payload)
    assert 0 <= frames <= 5760
    assert samples is None or (samples.shape[1] == channels and np.isfinite(samples).all())


@pytest.mark.parametrize(("name", "channels"), ALL)
def test_packets_fit_into_ethernet(name: str, channels: int) -> None:
    codec = make_codec(name, RATE, channels)
    noise = np.random.default_rng(1).uniform(-1, 1, (codec.packet_frames, channels)).astype(np.float32)
    assert len(codec.encoder()(noise)) <= 1440


def test_static_types() -> None:
    assert make_codec("L16", 44_100, 2).static_type == 10
    assert make_codec("l16", 44_100, 1).static_type == 11
    assert make_codec("L16", RATE, 2).static_type is None


@pytest.mark.parametrize(
    ("name", "rate", "channels", "rule"),
    [
        ("mp3", RATE, 2, "codec must be one of L16, L24, opus, jacktrip, got mp3"),
        ("opus", 44_100, 2, "rate must be 48000 Hz for opus"),
        ("opus", RATE, 6, "channels must be 1 or 2 for opus, got 6"),
        ("L16", RATE, 0, "channels must be in 1-16, got 0"),
        ("L16", 1, 2, "rate must be in 8000-192000 Hz, got 1"),
    ],
)
def test_what_no_codec_does_is_refused(name: str, rate: int, channels: int, rule: str) -> None:
    with pytest.raises(ParameterError, match=rule):
        make_codec(name, rate, channels)


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ParameterError, match="pip install 'tsumami\\[stream\\]'"):
        make_codec("opus", RATE, 2)
