"""From one preset to another through the latent."""

import importlib.resources
import itertools
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.test_macros import (
    CONTINUOUS,
    DISCRETE,
    TABLE,
    SigmoidDecoder,
    presets,
    processor_of,
    settle,
)
from tsumami.engine import EVENT_DTYPE, Kind, MacroModel, MacroProcessor, MeterBlock, Ring, event
from tsumami.engine.errors import ParameterError
from tsumami.engine.macros.thread import MacroFeed
from tsumami.engine.patch_events import morph_end
from tsumami.plugins import PARAMETERS, load_bank

Array = npt.NDArray[np.float32]
MODEL = Path(str(importlib.resources.files("tsumami.engine.models") / "macros.onnx"))
STEPS = 64


def between(first: Array, second: Array) -> MacroProcessor:
    processor = MacroProcessor(SigmoidDecoder(), len(TABLE))
    processor.morph_from(0, first)
    processor.morph_from(1, second)
    return processor


@given(presets, presets, presets)
def test_both_ends_are_the_presets_to_the_bit(now: Array, first: Array, second: Array) -> None:
    processor = between(first, second)
    processor.load(now)
    for share, expected in ((0.3, None), (0.0, first), (1.0, second), (0.6, None), (0.0, first)):
        processor.morph(share)
        if expected is not None:
            assert processor.values.tobytes() == expected.tobytes()


@given(presets, presets)
def test_nothing_jumps_but_the_discrete_in_the_middle(first: Array, second: Array) -> None:
    processor = between(first, second)
    heard = []
    for share in np.linspace(0.0, 1.0, STEPS + 1):
        processor.morph(float(share))
        assert np.all((processor.values >= 0) & (processor.values <= 1))
        nearer = first if share < 0.5 else second
        assert processor.values[DISCRETE].tolist() == nearer[DISCRETE].tolist()
        heard.append(processor.values[CONTINUOUS].copy())
    steps = [np.abs(b - a).max() for a, b in itertools.pairwise(heard)]
    assert max(steps) < 8.0 / STEPS, "a step is no more than its part of a steep way"


@given(presets, presets, st.floats(0.01, 0.99))
def test_knobs_move_on_from_there_and_come_back(first: Array, second: Array, share: float) -> None:
    processor = between(first, second)
    processor.move(0, 0.5)
    processor.morph(share)
    there = processor.values.copy()
    assert not processor.is_moving
    processor.move(0, 0.9)
    settle(processor)
    processor.move(0, 0.5)
    settle(processor)
    assert processor.values.tobytes() == there.tobytes()


def test_without_ends_or_a_share_nothing_moves() -> None:
    processor = processor_of(np.array([0.5, 0.5, 0.5, 0.5, 1.0], np.float32))
    before = processor.values.copy()
    processor.morph(0.5)
    ready = between(before, before)
    for share in (-0.1, 1.1, float("nan")):
        ready.morph(share)
    assert processor.values.tobytes() == before.tobytes()
    assert (processor.ignored, ready.ignored) == (1, 3)
    with pytest.raises(ParameterError, match="preset values must be 5 numbers"):
        processor.morph_from(0, np.zeros(3, np.float32))


def test_what_is_no_number_is_held_and_counted() -> None:
    decoder = SigmoidDecoder()
    processor = MacroProcessor(decoder, len(TABLE))
    for end in range(2):
        processor.morph_from(end, np.array([0.4 + 0.1 * end, 0.5, 0.5, 0.5, 1.0], np.float32))
    processor.morph(0.25)
    before = processor.values.copy()
    decoder.is_broken = True
    processor.morph(0.75)
    assert processor.values.tobytes() == before.tobytes()
    assert processor.non_finite == 1


def test_events_bring_the_ends_and_go_between_them() -> None:
    processor = MacroProcessor(SigmoidDecoder(), len(TABLE))
    macro_ring, parameter_ring = Ring.allocate(EVENT_DTYPE, 64), Ring.allocate(EVENT_DTYPE, 64)
    feed = MacroFeed(processor, macro_ring, parameter_ring, MeterBlock.allocate())
    first, second = (np.array([at, 0.5, at, at, 1.0], np.float32) for at in (0.25, 0.75))
    for end, values in enumerate((first, second)):
        macro_ring.push(morph_end(end, values))
    feed.advance(time.perf_counter_ns)
    assert len(parameter_ring.pop()) == 0, "the ends alone move nothing"
    macro_ring.push(event(Kind.MORPH, value=1.0))
    feed.advance(time.perf_counter_ns)
    sent = parameter_ring.pop()
    assert dict(zip(sent["index"].tolist(), sent["value"].tolist(), strict=True)) == {
        0: 0.75, 2: 0.75, 3: 0.75, 4: 1.0
    }  # fmt: skip


def test_the_model_that_ships_goes_between_patches_without_a_jump() -> None:
    """Through the latent the way is bent, and no parameter steps much further than on a straight one."""
    processor = MacroProcessor(MacroModel(MODEL, "cpu"), len(PARAMETERS))
    bank = load_bank()
    straightest = 0.0
    for first, second in itertools.pairwise(bank[:8]):
        processor.morph_from(0, first.values)
        processor.morph_from(1, second.values)
        continuous = [not row.is_discrete for row in PARAMETERS]
        heard = []
        for share in np.linspace(0.0, 1.0, STEPS + 1):
            processor.morph(float(share))
            heard.append(processor.values[continuous].copy())
        assert heard[0].tobytes() == first.values[continuous].tobytes()
        assert heard[-1].tobytes() == second.values[continuous].tobytes()
        steps = max(float(np.abs(b - a).max()) for a, b in itertools.pairwise(heard))
        assert steps < 0.2
        straight = 0.5 * (first.values + second.values)[continuous]
        straightest = max(straightest, float(np.abs(heard[STEPS // 2] - straight).max()))
    assert straightest > 0.02, "another way than the straight one"
    assert processor.non_finite == 0
