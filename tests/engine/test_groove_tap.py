"""The groove tap and its click in the strip: block by block they are what detector and time line say."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.allocations import allocations
from tests.drum_sounds import play, rock
from tsumami.engine import InputSettings, StripSettings
from tsumami.engine.errors import ParameterError
from tsumami.engine.groove import HIT_DTYPE, find_hits
from tsumami.engine.groove.click import ClickStage
from tsumami.engine.groove.live_memory import GrooveMemory
from tsumami.engine.groove.tap import GrooveTap
from tsumami.engine.stage import run_stage
from tsumami.engine.strip.strip import Strip

_RATE = 48_000
_BLOCKS = (1, 63, 64, 65, 128, 512)


@pytest.fixture
def memory() -> Iterator[GrooveMemory]:
    segment = GrooveMemory.create()
    yield segment
    segment.close()


@pytest.fixture(scope="module")
def drums() -> npt.NDArray[np.float32]:
    return play(rock(2, 120.0), _RATE)


def make_strip(memory: GrooveMemory, *, is_monitored: bool = False) -> Strip:
    settings = StripSettings(_RATE, 512, input=InputSettings(channels=1, is_monitored=is_monitored))
    return Strip(ClickStage(memory.name), settings, input_stages=[GrooveTap(memory.name)])


def run(strip: Strip, audio: npt.NDArray[np.float32], blocks: Sequence[int]) -> npt.NDArray[np.float32]:
    """Blocks of these sizes, again and again, to the end of ``audio``."""
    outputs, at = [], 0
    while at < len(audio):
        for size in blocks:
            block = audio[at : at + size, None]
            outputs.append(strip.run(len(block), audio=block))
            at += len(block)
    return np.concatenate(outputs)


def test_the_strip_hears_what_the_detector_hears(
    memory: GrooveMemory, drums: npt.NDArray[np.float32]
) -> None:
    run(make_strip(memory), drums, _BLOCKS)
    hits = memory.ring("hits").pop()
    expected = find_hits(drums, _RATE)
    hits = hits[np.argsort(hits["sample"], kind="stable")]
    expected = expected[expected["reported_sample"] <= len(drums)]
    assert len(hits) >= 24
    for field in ("sample", "lane", "strength_db", "confidence"):
        np.testing.assert_array_equal(hits[field], expected[field])


def test_hits_are_told_while_their_block_is_played(
    memory: GrooveMemory, drums: npt.NDArray[np.float32]
) -> None:
    strip, late = make_strip(memory), []
    for at in range(0, len(drums), 64):
        block = drums[at : at + 64, None]
        strip.run(len(block), audio=block)
        late += [at + len(block) - hit["sample"] for hit in memory.ring("hits").pop()]
    assert np.median(late) / _RATE < 0.008, "8 ms, the block that it is waited for included"


def test_what_passes_is_unchanged(memory: GrooveMemory, drums: npt.NDArray[np.float32]) -> None:
    tap = GrooveTap(memory.name)
    tap.prepare(_RATE, 512)
    block = np.stack([drums[:512], -0.5 * drums[512:1024]])
    np.testing.assert_array_equal(run_stage(tap, 512, audio=block), block)


def test_every_sample_is_handed_on_with_its_block(
    memory: GrooveMemory, drums: npt.NDArray[np.float32]
) -> None:
    run(make_strip(memory), drums[:4800], _BLOCKS)
    heard = memory.ring("heard").pop()
    np.testing.assert_array_equal(heard["sample"], np.cumsum(heard["frames"]) - heard["frames"])
    assert (np.diff(heard["ns"]) > 0).all()
    np.testing.assert_array_equal(memory.ring("audio").pop(int(heard["frames"].sum())), drums[:4800])


def test_nobody_who_listens_costs_blocks_and_no_hits(
    memory: GrooveMemory, drums: npt.NDArray[np.float32]
) -> None:
    audio = np.tile(drums, 3)
    run(make_strip(memory), audio, (512,))
    assert int(memory.ring("heard").pop()["frames"].sum()) == len(memory.ring("audio"))
    assert len(memory.ring("hits")) == len(find_hits(audio, _RATE))


def test_the_time_line_goes_on_by_the_clock_in_another_engine(memory: GrooveMemory) -> None:
    silence = np.zeros(512, np.float32)
    run(make_strip(memory), silence, (512,))
    stopped_ns = int(memory.meters["ns"])
    run(make_strip(memory), silence, (512,))
    last = memory.ring("heard").pop()[-1]
    assert last["sample"] == 512 + int((last["ns"] - stopped_ns) * _RATE / 1e9)


def click_times(audio: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Where a sound begins after silence, in samples."""
    loud = np.flatnonzero(np.abs(audio) > 1e-3)
    return loud[np.diff(loud, prepend=-_RATE) > 0.1 * _RATE].astype(float)


def test_the_click_keeps_its_time(memory: GrooveMemory) -> None:
    memory.meters["click_period"] = 60.0 / 133.0 * _RATE
    memory.meters["click_first"] = 4800.5
    memory.meters["click_bar"] = 4
    output = run(make_strip(memory), np.zeros(4 * _RATE, np.float32), _BLOCKS)
    expected = 4800.5 + np.arange(9) * 60.0 / 133.0 * _RATE
    found = click_times(output[:, 0])
    np.testing.assert_allclose(found[:9], expected, atol=1.5)
    np.testing.assert_array_equal(output[:, 0], output[:, 1])
    accent, plain = (output[int(at) : int(at) + 480, 0] for at in found[:2])
    assert np.abs(np.fft.rfft(accent)).argmax() == 24, "2,400 Hz"
    assert np.abs(np.fft.rfft(plain)).argmax() == 16, "1,600 Hz"


def test_blocks_make_no_difference_to_the_click() -> None:
    outputs = []
    for blocks in ((512,), (1, 64, 65, 511)):
        with_click = GrooveMemory.create()
        with_click.meters["click_period"], with_click.meters["click_bar"] = 9_000.25, 3
        outputs.append(run(make_strip(with_click), np.zeros(_RATE, np.float32), blocks))
        with_click.close()
    np.testing.assert_array_equal(outputs[0], outputs[1])


def test_no_click_is_silence(memory: GrooveMemory, drums: npt.NDArray[np.float32]) -> None:
    assert not run(make_strip(memory), drums, (512,)).any()


def test_the_hot_path_allocates_nothing(memory: GrooveMemory, drums: npt.NDArray[np.float32]) -> None:
    strip = make_strip(memory)
    audio = np.ascontiguousarray(drums[: 40 * 512, None])

    def some(blocks: int) -> Any:
        return lambda: strip.run(blocks * 512, audio=audio[: blocks * 512])

    assert allocations(some(40)) == allocations(some(1))


def test_a_rate_that_is_too_low_is_refused(memory: GrooveMemory) -> None:
    with pytest.raises(ParameterError, match="sample_rate must be in 32000-192000 Hz"):
        GrooveTap(memory.name).prepare(8_000, 64)


def test_a_hit_is_a_record_of_a_ring(memory: GrooveMemory) -> None:
    assert memory.ring("hits").dtype == HIT_DTYPE
    assert HIT_DTYPE.itemsize % 8 == 0
