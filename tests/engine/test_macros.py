"""The macro processor over analytic decoders whose every answer is known."""

import itertools
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tsumami.engine.errors import ModelError, ParameterError
from tsumami.engine.inference.contract import Contract, Latent, ModelParameter, Training
from tsumami.engine.macros import Knob, MacroProcessor

Array = npt.NDArray[np.float32]

WAVES = ("saw", "pulse", "sine")
TABLE = (
    ModelParameter("cutoff"),
    ModelParameter("wave", WAVES),
    ModelParameter("decay"),
    ModelParameter("drive"),
    ModelParameter("voice", ("poly", "mono")),
)
CONTRACT = Contract(
    name="analytic",
    kind="macros",
    sample_rate=22050,
    training=Training("none", "0", "pytest", 0),
    parameters=TABLE,
    latents=(
        Latent("bright", "dark", "bright", -3.0, 3.0),
        Latent("moving", "static", "moving", -2.0, 4.0),
        Latent("rest", "", "", -3.0, 3.0),
    ),
)
CONTINUOUS, DISCRETE = [0, 2, 3], [1, 4]
PERIOD_SECONDS = 0.004
RANGES = ((-3.0, 3.0), (-2.0, 4.0))


class SigmoidDecoder:
    """Parameters are the sigmoids of a mixed latent; inexact on purpose, as any model's rounding is."""

    contract = CONTRACT
    mixing = np.array([[1.0, 0.2, 0.0], [0.0, 1.0, 0.3], [0.4, 0.0, 1.0]])

    def __init__(self) -> None:
        self.latents: list[Array] = []
        self.is_broken = False

    def decode(self, latent: Array, context: Array) -> Array:
        self.latents.append(latent)
        if self.is_broken:
            return np.full(3, np.nan, np.float32)
        mixed = self.mixing @ latent.astype(np.float64) + 0.3 * context[:3]
        return np.asarray(1.0 / (1.0 + np.exp(-mixed)), np.float32)

    def encode(self, parameters: Array, context: Array) -> Array:
        inside = np.clip(parameters.astype(np.float64), 0.02, 0.98)
        return np.linalg.solve(self.mixing, np.log(inside / (1.0 - inside)) - 0.3 * context[:3]).astype(
            np.float32
        )

    def context_of(self, choices: npt.NDArray[np.int64]) -> Array:
        context = np.zeros(5, np.float32)
        context[choices[0]] = context[3 + choices[1]] = 1
        return context


unit = st.floats(0, 1, width=32)
presets = st.tuples(
    arrays(np.float32, 3, elements=unit), st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 1.0])
).map(lambda drawn: np.array([drawn[0][0], drawn[1], *drawn[0][1:], drawn[2]], np.float32))
inner = st.tuples(*[st.floats(0.375, 0.625, width=32)] * 3).map(
    lambda drawn: np.array([drawn[0], 0.5, drawn[1], drawn[2], 1.0], np.float32)
)
"""Presets with latents within the useful ranges, so that every turn of a knob moves them."""
moves = st.lists(st.tuples(st.integers(0, 1), unit), max_size=12)


def processor_of(preset: Array) -> MacroProcessor:
    processor = MacroProcessor(SigmoidDecoder(), len(TABLE))
    processor.load(preset)
    return processor


def settle(processor: MacroProcessor) -> int:
    """Tick until nothing moves; how many ticks it took."""
    for ticks in range(100):
        if not processor.is_moving:
            return ticks
        processor.tick(PERIOD_SECONDS)
    raise AssertionError("the processor does not settle")


def play(processor: MacroProcessor, gestures: list[tuple[int, float]]) -> None:
    for macro, position in gestures:
        processor.move(macro, position)
        processor.tick(PERIOD_SECONDS)


@given(presets)
def test_a_loaded_preset_is_given_back_to_the_bit(preset: Array) -> None:
    processor = processor_of(preset)
    assert processor.values.tobytes() == preset.tobytes()
    assert not processor.is_moving
    assert not processor.tick(PERIOD_SECONDS)


@given(presets, moves, presets)
def test_a_preset_loaded_while_knobs_stand_anywhere_is_exact(
    first: Array, gestures: list[tuple[int, float]], second: Array
) -> None:
    processor = processor_of(first)
    play(processor, gestures)
    processor.load(second)
    settle(processor)
    assert processor.values.tobytes() == second.tobytes()


@given(presets, st.tuples(unit, unit), moves)
def test_there_and_back_is_the_preset_to_the_bit(
    preset: Array, start: tuple[float, float], gestures: list[tuple[int, float]]
) -> None:
    processor = processor_of(preset)
    for macro, position in enumerate(start):
        processor.move(macro, position)
    play(processor, gestures)
    settle(processor)
    for macro, position in enumerate(start):
        processor.move(macro, position)
    settle(processor)
    assert processor.values.tobytes() == preset.tobytes()


@given(presets, unit)
def test_the_first_message_of_a_knob_moves_nothing(preset: Array, position: float) -> None:
    processor = processor_of(preset)
    processor.move(0, position)
    assert not processor.is_moving
    assert processor.values.tobytes() == preset.tobytes()


@given(presets, moves)
def test_values_stay_in_range_and_discrete_ones_stay_put(
    preset: Array, gestures: list[tuple[int, float]]
) -> None:
    processor = processor_of(preset)
    for macro, position in gestures:
        processor.move(macro, position)
        processor.tick(PERIOD_SECONDS)
        assert np.all((processor.values >= 0) & (processor.values <= 1))
        assert processor.values[DISCRETE].tobytes() == preset[DISCRETE].tobytes()
        assert np.all((processor.positions >= 0) & (processor.positions <= 1))


@given(st.floats(-5, 5), unit, st.lists(unit, min_size=2, max_size=8))
def test_knobs_are_monotone_and_reach_both_ends(
    origin: float, reference: float, positions: list[float]
) -> None:
    knob = Knob(-3.0, 3.0)
    knob.turn(reference)
    knob.load(origin)

    def latent_at(position: float) -> float:
        knob.turn(position)
        return knob.target

    latents = [latent_at(position) for position in sorted(positions)]
    assert all(b - a >= -1e-12 for a, b in itertools.pairwise(latents))
    assert latent_at(reference) == origin
    if reference > 0:
        assert latent_at(0.0) == min(-3.0, origin)
    if reference < 1:
        assert latent_at(1.0) == max(3.0, origin)


@given(inner, unit)
def test_a_jump_begins_at_once_and_settles_exactly_on_the_target(preset: Array, position: float) -> None:
    decoder = SigmoidDecoder()
    processor = MacroProcessor(decoder, len(TABLE))
    processor.load(preset)
    processor.move(1, 1.0 if position < 0.5 else 0.0)
    processor.move(1, position)
    before = decoder.latents[-1][1]
    if processor.is_moving:
        processor.tick(PERIOD_SECONDS)
        assert decoder.latents[-1][1] != before
    assert settle(processor) * PERIOD_SECONDS < 0.15
    low, high = RANGES[1]
    knob = Knob(low, high)
    knob.load(float(before))
    knob.turn(1.0 if position < 0.5 else 0.0)
    knob.turn(position)
    if not np.array_equal(processor.values, preset):
        assert decoder.latents[-1][1] == np.float32(knob.target)
    calls = len(decoder.latents)
    assert not processor.tick(PERIOD_SECONDS)
    assert len(decoder.latents) == calls, "a settled processor decodes nothing"


@given(st.lists(st.floats(0.0005, 0.02), min_size=1, max_size=20))
def test_smoothing_depends_on_time_and_not_on_the_number_of_ticks(steps: list[float]) -> None:
    pieces, whole = processor_of(np.full(5, 0.5, np.float32)), processor_of(np.full(5, 0.5, np.float32))
    for processor in (pieces, whole):
        processor.move(0, 0.5)
        processor.move(0, 1.0)
    for step in steps:
        pieces.tick(step)
    whole.tick(sum(steps))
    if pieces.is_moving and whole.is_moving:
        np.testing.assert_allclose(pieces.values, whole.values, atol=1e-6)  # float32 rounding of values


@given(inner)
def test_what_is_no_number_is_held_and_counted(preset: Array) -> None:
    decoder = SigmoidDecoder()
    processor = MacroProcessor(decoder, len(TABLE))
    processor.load(preset)
    processor.move(0, 0.25)
    decoder.is_broken = True
    processor.move(0, 1.0)
    ticks = settle(processor)
    assert processor.non_finite == ticks > 0
    assert processor.values.tobytes() == preset.tobytes()
    decoder.is_broken = False
    processor.move(0, 0.25)
    settle(processor)
    assert processor.values.tobytes() == preset.tobytes()


def test_a_model_broken_at_load_holds_the_preset() -> None:
    decoder = SigmoidDecoder()
    decoder.is_broken = True
    processor = MacroProcessor(decoder, len(TABLE))
    preset = np.array([0.2, 0.5, 0.4, 0.9, 1.0], np.float32)
    processor.load(preset)
    processor.move(0, 0.0)
    processor.move(0, 1.0)
    settle(processor)
    assert processor.values.tobytes() == preset.tobytes()
    assert processor.non_finite > 0


def test_moves_of_no_macro_are_ignored_and_counted() -> None:
    processor = processor_of(np.full(5, 0.5, np.float32))
    for macro, position in ((-1, 0.5), (2, 0.5), (0, float("nan"))):
        processor.move(macro, position)
    assert processor.ignored == 3
    assert not processor.is_moving


@given(inner, unit, st.integers(0, 2), unit)
def test_a_dimension_moves_alone_beside_the_macros_and_comes_back(
    preset: Array, turned: float, dimension: int, position: float
) -> None:
    processor = processor_of(preset)
    decoder = cast(SigmoidDecoder, processor._decoder)
    for start in (0.5, turned):
        processor.move(0, start)
    settle(processor)
    beside, before = processor.values.copy(), decoder.latents[-1].copy()
    for place in (0.5, position):
        processor.move_latent(dimension, place)
    settle(processor)
    after = decoder.latents[-1]
    others = [number for number in range(3) if number != dimension]
    np.testing.assert_array_equal(after[others], before[others])
    assert (after[dimension] > before[dimension]) == (position > 0.5) or abs(position - 0.5) < 1e-3
    processor.move_latent(dimension, 0.5)
    settle(processor)
    assert processor.values.tobytes() == beside.tobytes()


@given(presets, st.integers(0, 2), unit)
def test_the_first_message_of_a_dimension_s_knob_moves_nothing(
    preset: Array, dimension: int, position: float
) -> None:
    processor = processor_of(preset)
    processor.move_latent(dimension, position)
    assert settle(processor) == 0
    assert processor.values.tobytes() == preset.tobytes()


@pytest.mark.parametrize("dimension", [-1, 3, 99])
def test_dimensions_that_are_none_are_ignored_and_counted(dimension: int) -> None:
    processor = processor_of(np.full(5, 0.5, np.float32))
    processor.move_latent(dimension, 0.5)
    assert processor.ignored == 1
    assert len(processor.positions) == len(processor.names)


def test_only_latents_with_words_for_both_ends_are_macros() -> None:
    processor = processor_of(np.full(5, 0.5, np.float32))
    assert processor.names == ("bright", "moving")
    assert processor.positions.shape == (2,)


def test_a_value_that_is_no_number_keeps_what_it_was() -> None:
    processor = processor_of(np.full(5, 0.5, np.float32))
    processor.load(np.array([np.nan, 1.0, 0.25, 7.0, 0.0], np.float32))
    np.testing.assert_array_equal(processor.values, np.array([0.5, 1.0, 0.25, 1.0, 0.0], np.float32))


def test_another_number_of_parameters_is_refused() -> None:
    with pytest.raises(ModelError, match="parameters of analytic must be the instrument's 7, got 5"):
        MacroProcessor(SigmoidDecoder(), 7)
    with pytest.raises(ParameterError, match="preset values must be 5 numbers"):
        processor_of(np.zeros(4, np.float32))
