"""The strip's input: the same samples whatever the blocks, and every loss told to its stages."""

import ctypes

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.allocations import allocations
from tests.engine.ear import Ear
from tests.engine.tone import Tone
from tsumami.engine import DeviceError, InputSettings, Kind, NullDevice, Strip, StripSettings, event
from tsumami.engine.devices.callback import portaudio_callback
from tsumami.engine.restoration.repair_stage import RepairStage
from tsumami.engine.strip.input_ring import INPUT_CAPACITY, input_frames
from tsumami.engine.strip.state import MAX_BLOCK_LOSSES

_FRAMES = 5000
_CUTS = st.lists(st.integers(1, 2000), max_size=12)
Samples = npt.NDArray[np.float32]


def _noise(frames: int = _FRAMES, channels: int = 2) -> Samples:
    return np.random.default_rng(5).uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)


def _strip(
    input_settings: InputSettings | None = None, *, block_size: int = 128, ear: Ear | None = None
) -> Strip:
    return Strip(
        Tone(),
        StripSettings(block_size=block_size, input=input_settings or InputSettings()),
        input_stages=[] if ear is None else [ear],
    )


def _from_ring(block_size: int = 128) -> tuple[Strip, Ear]:
    ear = Ear()
    return _strip(InputSettings(source="ring"), block_size=block_size, ear=ear), ear


def _cut(total: int, cuts: list[int]) -> list[tuple[int, int]]:
    ends = np.minimum(np.cumsum([*cuts, total]), total)
    return [(int(a), int(b)) for a, b in zip([0, *ends], ends, strict=False) if b > a]


@settings(max_examples=25)
@given(st.sampled_from([1, 64, 65, 8192]), _CUTS, st.sampled_from([1, 2]))
def test_input_passes_bit_exact_however_time_is_cut(block_size: int, cuts: list[int], channels: int) -> None:
    audio = _noise(channels=channels)
    strip = _strip(InputSettings(channels=channels), block_size=block_size)
    output = np.concatenate([strip.run(b - a, audio=audio[a:b]) for a, b in _cut(_FRAMES, cuts)])
    np.testing.assert_array_equal(output, np.broadcast_to(audio, (_FRAMES, 2)))
    assert strip.meters["input_lost"] == 0
    assert strip.meters["input_peak"] == np.abs(audio).max()
    blocks = strip.meters["blocks"]
    assert strip.meters["load"].sum(axis=1).tolist() == [blocks] * len(strip.meters["load"])


def test_the_instrument_and_the_input_are_added() -> None:
    note, audio = event(Kind.NOTE_ON, 60, 0.8), _noise() * np.float32(0.25)
    alone = Strip(Tone(), StripSettings()).run(_FRAMES, note)
    np.testing.assert_array_equal(_strip().run(_FRAMES, note, audio=audio), alone + audio)


def test_an_input_that_is_not_monitored_is_measured_and_not_heard() -> None:
    ear = Ear()
    strip = _strip(InputSettings(is_monitored=False), ear=ear)
    assert not strip.run(_FRAMES, audio=_noise()).any()
    assert strip.meters["input_peak"] > 0.49
    assert len(ear.lost) == _FRAMES


def test_gain_is_applied_before_the_stages_and_meters() -> None:
    audio = _noise()
    strip = _strip(InputSettings(gain_db=-20.0))
    np.testing.assert_array_equal(strip.run(_FRAMES, audio=audio), np.float32(audio.astype(float) * 0.1))
    assert strip.meters["input_peak"] == pytest.approx(0.05, rel=1e-3)


def test_a_stage_delays_the_input_by_its_latency_and_not_the_instrument() -> None:
    audio, ear = _noise(), Ear(delay=50)
    strip = _strip(ear=ear)
    assert strip.input_latency_samples == 50
    assert strip.latency_samples == 0
    output = strip.run(_FRAMES, audio=audio)
    assert not output[:50].any()
    np.testing.assert_array_equal(output[50:], audio[:-50])


def test_nan_from_outside_is_silence_to_the_stages_and_counted() -> None:
    audio, ear = _noise(), Ear(delay=1)
    audio[100] = np.nan, 0.5
    audio[200] = 0.5, np.inf
    strip = _strip(ear=ear)
    output = strip.run(_FRAMES, audio=audio)
    audio[[100, 200]] = 0.0
    np.testing.assert_array_equal(output[1:], audio[:-1])
    assert strip.meters["non_finite"] == 2


class _Stream:
    """What a receiver pushes and the strip takes, as a plain list of frames."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, bool]] = []
        self.expected: list[float] = []
        self.lost: list[int] = []
        self._next = 0

    def push(self, count: int, *, is_lost: bool) -> Samples:
        numbers = np.arange(self._next + 1, self._next + 1 + count)
        samples = (numbers[:, None] / 2**17).astype(np.float32)
        self._next += count
        self.waiting += [(float(value), is_lost) for value in samples[:, 0]]
        return samples

    def take(self, count: int) -> None:
        silence = [(0.0, True)] * max(count - len(self.waiting), 0)
        taken, self.waiting = [*self.waiting[:count], *silence], self.waiting[count:]
        self.expected += [value for value, _ in taken]
        self.lost += [int(is_lost) for _, is_lost in taken]


@settings(max_examples=50)
@given(
    st.sampled_from([1, 37, 128]),
    st.lists(st.tuples(st.integers(0, 300), st.booleans(), st.integers(0, 300)), max_size=20),
)
def test_a_ring_gives_what_is_there_and_its_losses_are_told(
    block_size: int, steps: list[tuple[int, bool, int]]
) -> None:
    strip, ear = _from_ring(block_size)
    stream, output = _Stream(), [np.zeros((0, 2), np.float32)]
    for arriving, is_lost, frames in steps:
        strip.input.push(input_frames(stream.push(arriving, is_lost=is_lost), is_lost=is_lost))
        output.append(strip.run(frames))
        stream.take(frames)
    np.testing.assert_array_equal(np.concatenate(output)[:, 0], np.array(stream.expected, np.float32))
    assert ear.lost == stream.lost


def test_a_ring_that_starves_and_is_filled_again_plays_on() -> None:
    strip, ear = _from_ring()
    audio = _noise(384)
    strip.run(256)
    assert strip.meters["input_lost"] == 0, "nothing is missed before it has begun"
    strip.input.push(input_frames(audio[:192]))
    output = strip.run(384)
    np.testing.assert_array_equal(output[:192], audio[:192])
    assert not output[192:].any()
    assert (strip.meters["input_starved"], strip.meters["input_lost"]) == (2, 2)
    strip.input.push(input_frames(audio[192:]))
    np.testing.assert_array_equal(strip.run(192), audio[192:])
    assert strip.meters["input_lost"] == 2
    assert ear.lost == [1] * 256 + [0] * 192 + [1] * 192 + [0] * 192


def test_a_full_ring_refuses_and_counts() -> None:
    strip, _ = _from_ring()
    assert strip.input.push(input_frames(np.zeros((INPUT_CAPACITY, 1), np.float32)))
    assert not strip.input.push(input_frames(np.zeros((1, 2), np.float32)))
    assert strip.input.dropped == 1


def test_more_losses_than_a_block_tells_apart_are_told_as_one() -> None:
    strip, ear = _from_ring(8192)
    frames = input_frames(_noise())
    frames["is_lost"][::10] = 1
    strip.input.push(frames)
    strip.run(_FRAMES)
    lost = np.array(ear.lost)
    np.testing.assert_array_equal(
        lost[: (MAX_BLOCK_LOSSES - 1) * 10], frames["is_lost"][: (MAX_BLOCK_LOSSES - 1) * 10]
    )
    assert lost[(MAX_BLOCK_LOSSES - 1) * 10 : -9].all()
    assert not lost[-9:].any()


def test_losses_and_events_come_in_order_of_time() -> None:
    strip, ear = _from_ring(1024)
    frames = input_frames(_noise(600))
    frames["is_lost"][[0, 300, 500]] = 1
    strip.input.push(frames)
    notes = [event(Kind.NOTE_ON, 60, 0.8, time=time) for time in (0, 299, 300, 550)]
    strip.run(600, np.concatenate(notes))
    on, lost = Kind.NOTE_ON, Kind.LOST
    assert ear.heard == [(0, lost), (0, on), (299, on), (300, lost), (300, on), (500, lost), (550, on)]
    assert strip.applied.pop()["kind"].tolist() == [on] * 4, "what the strip tells its stages is not echoed"


@pytest.mark.parametrize("flag", [1, 2], ids=["underflow", "overflow"])
def test_a_block_that_the_device_damaged_is_lost(flag: int) -> None:
    ear, audio, output = Ear(), _noise(256), np.zeros((256, 2), np.float32)
    strip = _strip(block_size=100, ear=ear)
    _call_back(strip, audio, output, 0)
    _call_back(strip, audio, output, flag)
    _call_back(strip, audio, output, 0)
    np.testing.assert_array_equal(output, audio)
    assert ear.lost == [0] * 256 + [1] * 256 + [0] * 256
    assert strip.meters["input_lost"] == 3, "blocks of 100"
    assert strip.meters["input_overflows"] == int(flag == 2)


def _call_back(strip: Strip, audio: Samples, output: Samples, flags: int) -> None:
    """As PortAudio does."""
    times = (ctypes.c_double * 3)()
    source, target = audio.ctypes.data, output.ctypes.data
    assert portaudio_callback.ctypes(source, target, len(audio), times, flags, strip.address) == 0


def test_without_a_device_the_input_is_lost() -> None:
    ear = Ear()
    strip = _strip(ear=ear)
    assert not strip.run(1280).any()
    assert ear.lost == [1] * 1280
    assert strip.meters["input_lost"] == 10


def test_the_null_device_plays_on_without_an_input() -> None:
    strip = _strip()
    device = NullDevice(strip)
    try:
        while strip.sample < 1280:
            assert device.is_active()
    finally:
        device.close()
    assert device.input_name == ""
    assert strip.meters["input_lost"] == strip.meters["blocks"]


def test_an_input_allocates_nothing() -> None:
    strip, _ = _from_ring()
    frames = input_frames(_noise())
    frames["is_lost"][::100] = 1

    def play() -> None:
        strip.input.push(frames)
        strip.run(_FRAMES + 100, event(Kind.NOTE_ON, 60, 0.8))

    assert allocations(play) == 0


def test_a_new_strip_drops_what_a_ring_has_kept() -> None:
    strip, _ = _from_ring()
    strip.input.push(input_frames(_noise()))
    again = Strip(Tone(), strip.settings, input_ring=strip.input)
    assert not again.run(128).any()


def test_audio_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"audio must be of shape \(128, 2\), got \(128, 1\)"):
        _strip().run(128, audio=_noise(128, 1))
    for strip in (Strip(Tone(), StripSettings()), _from_ring()[0]):
        with pytest.raises(ValueError, match="audio must be for a strip that hears a device"):
            strip.run(128, audio=_noise(128))


def test_impossible_inputs_are_refused() -> None:
    with pytest.raises(DeviceError, match="input channels must be 1 or 2, got 3"):
        InputSettings(channels=3)
    with pytest.raises(DeviceError, match="input stages must be 8 or fewer, got 9"):
        Strip(Tone(), StripSettings(), input_stages=[Ear() for _ in range(9)])


def _searched(audio: Samples, block: int = 128) -> tuple[list[int], Strip]:
    """The blocks of a device's sound that the strip's stages are told are lost."""
    ear = Ear()
    strip = _strip(InputSettings(is_searched=True), block_size=block, ear=ear)
    strip.run(len(audio), audio=audio)
    return np.unique(np.flatnonzero(ear.lost) // block).tolist(), strip


def test_a_block_of_zeros_amid_sound_is_lost_though_nobody_said_so() -> None:
    audio = _noise(20 * 128)
    audio[5 * 128 : 7 * 128] = 0.0
    audio[12 * 128 : 13 * 128] = audio[11 * 128 : 12 * 128]
    lost, strip = _searched(audio)
    assert lost == [5, 6, 12]
    assert strip.meters["input_lost"] == 3


def test_sound_that_ends_by_itself_and_tones_are_not_lost_for_long() -> None:
    time = np.arange(200 * 128)[:, None] / 128
    fading = (np.sin(time) * np.maximum(1.0 - time / 20.0, 0.0)).astype(np.float32)
    assert _searched(np.repeat(fading, 2, axis=1))[0] == []
    tone = np.resize(_noise(128), (200 * 128, 2))
    assert _searched(tone)[0] == [1, 2, 3, 4], "then it is a tone"
    cut = _noise(200 * 128)
    cut[10 * 128 :] = 0.0
    assert _searched(cut)[0] == list(range(10, 10 + 94)), "a quarter of a second, then it is silence"
    assert _searched(np.zeros((50 * 128, 2), np.float32))[0] == []


def test_a_loss_that_was_found_is_repaired() -> None:
    sine = 0.5 * np.sin(2.0 * np.pi * 440.0 * np.arange(250 * 128) / 48_000)
    audio = np.repeat(sine[:, None], 2, axis=1).astype(np.float32)
    truth = audio.copy()
    audio[200 * 128 : 202 * 128] = 0.0
    stage = RepairStage()
    strip = Strip(Tone(), StripSettings(input=InputSettings(is_searched=True)), input_stages=[stage])
    played = []
    for at in range(0, len(audio), 128):
        played.append(strip.run(128, audio=audio[at : at + 128]))
        stage.fit()
    # The stage takes noise 40 dB below the sound to be in it.
    np.testing.assert_allclose(np.concatenate(played), truth, atol=0.05)
