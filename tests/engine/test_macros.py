"""The macro processor: exact on load, exact on return, finite and in range always."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.linear_flow import PARAMETERS, LinearFlow
from tsumami.engine.contract import Latent
from tsumami.engine.macros import Knob, MacroProcessor

_POSITION = st.floats(0, 1, width=32)
_PATCH = st.tuples(st.lists(_POSITION, min_size=5, max_size=5), st.sampled_from([0.0, 0.5, 1.0])).map(
    lambda drawn: np.array([*drawn[0], drawn[1]], np.float32)
)


def _settle(processor: MacroProcessor) -> None:
    for _ in range(200):
        if not processor.is_moving:
            return
        processor.tick(0.004)
    raise AssertionError("the knobs did not settle")


@given(_PATCH)
def test_the_sound_on_load_is_exactly_the_preset(patch: npt.NDArray[np.float32]) -> None:
    processor = MacroProcessor(LinearFlow(), PARAMETERS)
    processor.load(patch)
    assert processor.values.tobytes() == patch.tobytes()
    assert not processor.is_moving


@given(_PATCH, st.lists(st.tuples(st.integers(0, 2), _POSITION), min_size=1, max_size=12))
def test_knobs_moved_there_and_back_return_to_the_preset(
    patch: npt.NDArray[np.float32], moves: list[tuple[int, float]]
) -> None:
    processor = MacroProcessor(LinearFlow(), PARAMETERS)
    processor.load(patch)
    first: dict[int, float] = {}
    for macro, position in moves:
        first.setdefault(macro, position)
        processor.move(macro, position)
        processor.tick(0.004)
        assert np.isfinite(processor.values).all()
        assert ((processor.values >= 0) & (processor.values <= 1)).all()
        assert processor.values[5] == patch[5], "discrete parameters keep the preset's value"
    for macro, position in first.items():
        processor.move(macro, position)
    _settle(processor)
    assert processor.values.tobytes() == patch.tobytes()


@given(_PATCH, _POSITION)
def test_the_first_message_of_a_knob_moves_nothing(patch: npt.NDArray[np.float32], position: float) -> None:
    processor = MacroProcessor(LinearFlow(), PARAMETERS)
    processor.load(patch)
    processor.move(0, position)
    assert not processor.is_moving
    assert processor.values.tobytes() == patch.tobytes()


@given(st.floats(-5, 5), _POSITION, st.lists(_POSITION, min_size=2, max_size=10))
def test_the_knob_is_a_monotone_map_onto_the_whole_range(
    reference: float, taken_over_at: float, positions: list[float]
) -> None:
    knob = Knob(Latent("bright", "dark", "bright", -3.0, 3.0))
    knob.load(reference)
    knob.move(taken_over_at)
    offsets = []
    for position in sorted(positions):
        knob.move(position)
        offsets.append(knob.offset)
    assert offsets == sorted(offsets)
    for end, coordinate in ((0.0, -3.0), (1.0, 3.0)):
        if end != taken_over_at:
            knob.move(end)
            assert knob.reference + knob.offset == pytest.approx(coordinate)


def test_a_preset_takes_the_knobs_over_where_they_stand() -> None:
    processor = MacroProcessor(LinearFlow(), PARAMETERS)
    processor.move(0, 0.2)
    processor.move(0, 0.9)
    _settle(processor)
    preset = np.full(6, 0.5, np.float32)
    processor.load(preset)
    processor.move(0, 0.9)
    assert not processor.is_moving
    processor.move(0, 1.0)
    _settle(processor)
    assert processor.values.tobytes() != preset.tobytes()
    assert processor.positions[0] == 1.0


def test_a_moved_knob_acts_on_the_first_tick_and_arrives_without_overshoot() -> None:
    processor = MacroProcessor(LinearFlow(), PARAMETERS)
    processor.move(1, 0.5)
    processor.move(1, 1.0)
    assert processor.tick(0.004)
    shown = [float(processor.positions[1])]
    while processor.is_moving:
        processor.tick(0.004)
        shown.append(float(processor.positions[1]))
    assert shown == sorted(shown)
    assert shown[-1] == 1.0
    assert len(shown) * 0.004 < 0.2, "a jump has arrived within 200 ms"


def test_an_idle_processor_does_not_decode() -> None:
    flow = LinearFlow()
    processor = MacroProcessor(flow, PARAMETERS)
    decodes = flow.decodes
    assert not processor.tick(0.004)
    assert flow.decodes == decodes


def test_a_broken_model_is_held_and_counted() -> None:
    patch = np.full(6, 0.5, np.float32)
    flow = LinearFlow()
    processor = MacroProcessor(flow, PARAMETERS)
    processor.load(patch)
    processor.move(0, 0.5)
    flow.broken = True
    processor.move(0, 0.8)
    assert not processor.tick(0.004)
    assert processor.non_finite == 1
    assert processor.values.tobytes() == patch.tobytes()
    flow.broken = False
    _settle(processor)
    assert processor.values.tobytes() != patch.tobytes()


def test_garbage_moves_nothing() -> None:
    processor = MacroProcessor(LinearFlow(), PARAMETERS)
    processor.move(0, 0.5)
    for macro, position in ((0, float("nan")), (0, float("inf")), (99, 0.3), (-1, 0.3)):
        processor.move(macro, position)
    assert not processor.is_moving
