"""The strip: exact times, any block size, a guarded and limited output, honest counts."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.tone import Tone
from tsumami.engine import DeviceError, Events, Kind, NullDevice, Strip, StripSettings, event
from tsumami.engine.meter_block import STAGES
from tsumami.engine.ring import Ring
from tsumami.engine.shared import FRAME_DTYPE
from tsumami.engine.strip.state import MAX_BLOCK_EVENTS

_FRAMES = 9000


def _piece() -> Events:
    return np.concatenate(
        [
            event(Kind.NOTE_ON, 60, 0.8, time=100),
            event(Kind.PARAMETER, 0, 0.9, time=777),
            event(Kind.GAIN, value=0.25, time=2001),
            event(Kind.PARAMETER, 0, 0.1, time=2001),
            event(Kind.PANIC, time=5000),
            event(Kind.NOTE_ON, 62, 0.8, time=6000),
            event(Kind.NOTE_OFF, 60, time=8500),
        ]
    )


def _render(block_size: int, cuts: list[int] | None = None) -> npt.NDArray[np.float32]:
    strip = Strip(Tone(), StripSettings(block_size=block_size, gain_db=6.0, ceiling_db=-3.0))
    strip.control.push(_piece())
    blocks, done = [], 0
    for frames in [*(cuts or []), _FRAMES]:
        frames = min(frames, _FRAMES - done)
        blocks.append(strip.run(frames))
        done += frames
    return np.concatenate(blocks)


@pytest.mark.parametrize("block_size", [1, 64, 65, 128, 8192])
def test_any_block_size_gives_the_same_samples(block_size: int) -> None:
    np.testing.assert_array_equal(_render(block_size), _render(512))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 3000), max_size=12))
def test_any_cut_of_the_time_line_gives_the_same_samples(cuts: list[int]) -> None:
    np.testing.assert_array_equal(_render(256, cuts), _render(512))


def test_an_event_applies_at_its_sample_and_is_echoed_with_it() -> None:
    strip = Strip(Tone(), StripSettings())
    output = strip.run(1000, event(Kind.NOTE_ON, 60, 0.8, time=333))
    assert np.flatnonzero(output[:, 0])[0] == 333
    applied = strip.applied.pop()
    assert applied["time"].tolist() == [333]
    assert applied["kind"].tolist() == [Kind.NOTE_ON]


def test_an_event_without_a_time_applies_at_the_next_block() -> None:
    strip = Strip(Tone(), StripSettings())
    strip.run(256)
    output = strip.run(128, event(Kind.NOTE_ON, 60, 0.8))
    assert np.flatnonzero(output[:, 0])[0] == 0
    assert strip.applied.pop()["time"].tolist() == [256]


def test_events_of_both_rings_are_merged_by_time() -> None:
    strip = Strip(Tone(), StripSettings())
    moves = [event(Kind.PARAMETER, 0, value, time=time) for time, value in ((10, 0.1), (90, 0.9))]
    strip.parameters.push(np.concatenate(moves))
    notes = [event(Kind.NOTE_ON, 60, 0.8, time=50), event(Kind.NOTE_OFF, 60, time=100)]
    strip.run(128, np.concatenate(notes))
    assert strip.applied.pop()["time"].tolist() == [10, 50, 90, 100]


def test_more_events_than_a_block_holds_wait_for_the_next() -> None:
    strip = Strip(Tone(), StripSettings())
    many = np.concatenate([event(Kind.PARAMETER, 1, i / 2000) for i in range(MAX_BLOCK_EVENTS + 200)])
    strip.run(128, many)
    assert len(strip.applied.pop()) == MAX_BLOCK_EVENTS
    strip.run(128)
    assert len(strip.applied.pop()) == 200
    assert strip.meters["parameters"][1] == pytest.approx((MAX_BLOCK_EVENTS + 199) / 2000)


def test_nan_never_reaches_the_output_and_is_counted() -> None:
    tone = Tone()
    strip = Strip(tone, StripSettings())
    strip.run(128, event(Kind.NOTE_ON, 60, 0.8))
    tone.break_down()
    broken = strip.run(256)
    assert not broken.any()
    assert strip.meters["non_finite"] == 256
    tone.break_down(False)
    assert np.abs(strip.run(256)).max() > 0.1
    assert np.isfinite(strip.meters["mean_square_now"]).all()


@given(st.floats(-24, 0), st.floats(-20, 30))
@settings(max_examples=20, deadline=None)
def test_no_sample_passes_the_ceiling(ceiling_db: float, gain_db: float) -> None:
    strip = Strip(Tone(), StripSettings(ceiling_db=ceiling_db, gain_db=gain_db))
    output = strip.run(4096, event(Kind.NOTE_ON, 60, 0.8))
    ceiling = 10 ** (ceiling_db / 20)
    assert np.abs(output).max() <= ceiling * (1 + 2**-20)  # float32 rounding
    loud = 0.5 * 10 ** (gain_db / 20) > ceiling * 1.01
    assert (strip.meters["clipped"] > 0) == loud or abs(gain_db - ceiling_db - 6.02) < 0.2


def test_below_the_ceiling_the_output_is_the_instrument() -> None:
    strip = Strip(Tone(), StripSettings())
    output = strip.run(480, event(Kind.NOTE_ON, 60, 0.8))
    expected = 0.5 * np.sin(2 * np.pi * 440 / 48000 * np.arange(1, 481))
    np.testing.assert_allclose(output[:, 0], expected, atol=2**-23)
    np.testing.assert_array_equal(output[:, 1], -output[:, 0])


def test_a_gain_jump_makes_no_step() -> None:
    strip = Strip(Tone(), StripSettings())
    strip.run(4800, event(Kind.NOTE_ON, 60, 0.8))
    output = strip.run(4800, event(Kind.GAIN, value=0.0, time=4800 + 1200))
    assert np.abs(np.diff(output[:, 0])).max() < 0.5 * 2 * np.pi * 440 / 48000 * 1.05
    assert np.abs(output[-480:]).max() < 1e-3


def test_a_panic_is_silent_within_a_block_until_a_note_begins_or_a_second_is_over() -> None:
    """Whatever sounds behind it, such as the tail of an effect."""
    strip = Strip(Tone(), StripSettings(block_size=64))
    strip.run(4800, event(Kind.NOTE_ON, 60, 0.8))
    strip.run(64, event(Kind.PANIC))
    assert not strip.run(24_000).any()
    heard = strip.run(4800, event(Kind.NOTE_ON, 62, 0.8))
    assert np.abs(np.diff(heard[:, 0], 2)).max() < 0.05, "it opens without a step"
    assert np.abs(heard[480:]).max() > 0.1
    strip.run(64, event(Kind.PANIC))
    assert not strip.run(47_000).any()
    assert np.abs(strip.run(2000)).max() > 0.1


def test_meters_agree_with_the_samples() -> None:
    strip = Strip(Tone(), StripSettings(block_size=100))
    output = strip.run(12_345, event(Kind.NOTE_ON, 60, 0.8))
    assert strip.meters["blocks"] == 124
    assert strip.meters["sample"] == strip.sample == 12_345
    assert strip.meters["peak"] == pytest.approx(np.abs(output).max(), rel=1e-6)
    assert strip.meters["square_sum"] == pytest.approx(np.square(output.astype(float)).sum(), rel=1e-5)
    assert strip.meters["load"].sum(axis=1).tolist() == [124] * len(STAGES)


def test_the_null_device_keeps_time_and_stops() -> None:
    strip = Strip(Tone(), StripSettings(block_size=64))
    device = NullDevice(strip)
    try:
        while strip.sample < 4800:
            assert device.is_active()
    finally:
        device.close()
    stopped = strip.sample
    assert not device.is_active()
    assert stopped % 64 == 0
    assert strip.sample == stopped


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"block_size": 0}, "block_size must be in 1-8192, got 0"),
        ({"block_size": 9000}, "block_size must be in 1-8192, got 9000"),
        ({"sample_rate": 100.0}, "sample_rate must be in 8000-384000 Hz, got 100"),
    ],
)
def test_settings_out_of_range_are_refused(fields: dict[str, float], rule: str) -> None:
    with pytest.raises(DeviceError, match=rule):
        StripSettings(**fields)  # type: ignore[arg-type]


def test_who_looks_is_shown_the_output_and_never_waited_for() -> None:
    scope = Ring.allocate(FRAME_DTYPE, 256)
    strip = Strip(Tone(), StripSettings(block_size=128), scope=scope)
    output = strip.run(1024, event(Kind.NOTE_ON, 60, 0.8, time=0))
    np.testing.assert_array_equal(scope.pop().view(np.float32).reshape(-1, 2), output[:256])
    assert scope.dropped == 1024 - 256
    following = strip.run(128)
    np.testing.assert_array_equal(scope.pop()["left"], following[:, 0])
