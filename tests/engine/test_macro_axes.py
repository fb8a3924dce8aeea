"""Macros that move along directions of the latent, over a decoder that is the latent itself."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import Contract, Latent, ModelParameter, Training
from tsumami.engine.macros import Axes, Knob, MacroProcessor

Array = npt.NDArray[np.float32]

CONTRACT = Contract(
    name="straight",
    kind="macros",
    sample_rate=22050,
    training=Training("none", "0", "pytest", 0),
    parameters=tuple(ModelParameter(name) for name in ("cutoff", "decay", "drive", "width")),
    latents=(
        Latent("bright", "dark", "bright", -2.0, 2.0),
        Latent("long", "short", "long", -2.0, 2.0),
        Latent("free", "", "", -2.0, 2.0),
        Latent("width", "", "", -2.0, 2.0),
    ),
)


class StraightDecoder:
    """Parameters are the latent, scaled: what the knobs do to it is read off the parameters."""

    contract = CONTRACT

    def __init__(self) -> None:
        self.latents: list[Array] = []

    def decode(self, latent: Array, context: Array) -> Array:  # noqa: ARG002
        self.latents.append(latent.copy())
        return np.asarray(0.5 + latent / 16.0, np.float32)

    def encode(self, parameters: Array, context: Array) -> Array:  # noqa: ARG002
        return np.asarray((parameters - 0.5) * 16.0, np.float32)

    def context_of(self, choices: npt.NDArray[np.int64]) -> Array:  # noqa: ARG002
        return np.zeros(0, np.float32)


unit = st.floats(0, 1, width=32)
presets = arrays(np.float32, 4, elements=unit)
number = st.floats(-1, 1, width=32)
directions = arrays(np.float64, (2, 4), elements=number).map(lambda rows: rows + 2.0 * np.eye(2, 4))
"""Any that lean towards the macro's own latent; not at right angles, nor of length 1."""
moves = st.lists(st.tuples(st.integers(0, 1), unit), max_size=12)


def settle(processor: MacroProcessor) -> None:
    for _ in range(100):
        if not processor.is_moving:
            return
        processor.tick(0.02)
    raise AssertionError("the processor does not settle")


def play(processor: MacroProcessor, gestures: list[tuple[int, float]]) -> None:
    for macro, position in gestures:
        processor.move(macro, position)
        processor.tick(0.004)


@given(presets, directions, moves, presets)
def test_knobs_at_rest_give_the_preset_to_the_bit(
    first: Array, rows: npt.NDArray[np.float64], gestures: list[tuple[int, float]], second: Array
) -> None:
    processor = MacroProcessor(StraightDecoder(), 4, directions=rows)
    processor.load(first)
    assert processor.values.tobytes() == first.tobytes()
    play(processor, gestures)
    processor.load(second)
    settle(processor)
    assert processor.values.tobytes() == second.tobytes()


@given(presets, directions, st.tuples(unit, unit), moves)
def test_there_and_back_is_the_preset_to_the_bit(
    preset: Array,
    rows: npt.NDArray[np.float64],
    start: tuple[float, float],
    gestures: list[tuple[int, float]],
) -> None:
    processor = MacroProcessor(StraightDecoder(), 4, directions=rows)
    processor.load(preset)
    for macro, position in enumerate(start):
        processor.move(macro, position)
    play(processor, gestures)
    for macro, position in enumerate(start):
        processor.move(macro, position)
    settle(processor)
    assert processor.values.tobytes() == preset.tobytes()


@given(presets, directions, st.tuples(unit, unit))
def test_the_latent_moves_by_the_sum_of_the_directions(
    preset: Array, rows: npt.NDArray[np.float64], ends: tuple[float, float]
) -> None:
    decoder = StraightDecoder()
    processor = MacroProcessor(decoder, 4, directions=rows)
    processor.load(preset)
    origin = decoder.latents[-1].astype(np.float64)
    moved = origin.copy()
    for macro, (position, row) in enumerate(zip(ends, rows, strict=True)):
        knob = Knob(-2.0, 2.0)
        place = row @ origin / (row @ row)
        knob.turn(0.5)
        knob.load(place)
        knob.turn(position)
        moved += (knob.target - place) * row
        processor.move(macro, 0.5)
        processor.move(macro, position)
    settle(processor)
    if len(decoder.latents) > 1:
        # float32 of latents that are at most some tens.
        np.testing.assert_allclose(decoder.latents[-1], moved, atol=1e-4)


@given(presets, moves)
def test_without_directions_a_macro_is_its_latent_to_the_bit(
    preset: Array, gestures: list[tuple[int, float]]
) -> None:
    own, named = StraightDecoder(), StraightDecoder()
    processors = (MacroProcessor(own, 4), MacroProcessor(named, 4, directions=np.eye(2, 4)))
    knobs = Knob(-2.0, 2.0), Knob(-2.0, 2.0)
    for processor in processors:
        processor.load(preset)
    origin = own.latents[0]
    for knob, place in zip(knobs, origin, strict=False):
        knob.load(float(place))
    for macro, position in gestures:
        knobs[macro].turn(position)
        for processor in processors:
            processor.move(macro, position)
            processor.tick(0.004)
    for processor in processors:
        settle(processor)
    np.testing.assert_array_equal(np.array(own.latents), np.array(named.latents))
    if len(own.latents) > 1 and not np.array_equal(processors[0].values, preset):
        np.testing.assert_array_equal(own.latents[-1][:2], [np.float32(knob.target) for knob in knobs])
    np.testing.assert_array_equal([latent[2:] for latent in own.latents], [origin[2:]] * len(own.latents))


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (np.full((2, 4), np.nan), "got row 0 without"),
        ([[1, 0, 0, 0], [0, np.inf, 0, 0]], "got row 1 without"),
        ([[1, 0, 0, 0], [0, 0, 0, 0]], "must have a length that is a number above 0, got row 1"),
        (np.eye(3, 4), r"must be 2 directions of 4 numbers, got shape \(3, 4\)"),
    ],
)
def test_directions_that_are_none_are_refused(rows: npt.ArrayLike, rule: str) -> None:
    with pytest.raises(ModelError, match=f"axes must.*{rule}|axes {rule}"):
        MacroProcessor(StraightDecoder(), 4, directions=rows)


@given(directions, arrays(np.float64, 4, elements=st.floats(-8, 8)))
def test_the_places_of_a_latent_give_it_back(
    rows: npt.NDArray[np.float64], latent: npt.NDArray[np.float64]
) -> None:
    axes = Axes(2, 4, rows)
    again = np.empty(4)
    axes.write(axes.load(latent), again)
    np.testing.assert_allclose(again, latent, atol=1e-12)  # some ulp of sums of tens


@given(arrays(np.float32, 6, elements=unit), moves)
def test_a_model_of_some_parameters_leaves_the_others(
    preset: Array, gestures: list[tuple[int, float]]
) -> None:
    processor = MacroProcessor(StraightDecoder(), 6, rows=(4, 0, 1, 5))
    processor.load(preset)
    play(processor, gestures)
    settle(processor)
    assert processor.values[[2, 3]].tobytes() == preset[[2, 3]].tobytes()
    whole = MacroProcessor(StraightDecoder(), 4)
    whole.load(preset[[4, 0, 1, 5]])
    play(whole, gestures)
    settle(whole)
    assert processor.values[[4, 0, 1, 5]].tobytes() == whole.values.tobytes()


def test_a_contract_can_give_its_macros_directions() -> None:
    direction = (1.0, 0.5, 0.0, -0.25)
    rows = (replace(CONTRACT.latents[0], direction=direction), *CONTRACT.latents[1:])
    decoder = StraightDecoder()
    decoder.contract = replace(CONTRACT, latents=rows)  # type: ignore[misc]
    given = MacroProcessor(StraightDecoder(), 4, directions=[direction, (0.0, 1.0, 0.0, 0.0)])
    own = MacroProcessor(decoder, 4)
    for processor in (given, own):
        processor.load(np.full(4, 0.5, np.float32))
        play(processor, [(0, 0.5), (0, 0.9), (1, 0.1), (1, 0.3)])
        settle(processor)
    assert not np.array_equal(own.values, np.full(4, 0.5))
    np.testing.assert_array_equal(own.values, given.values)


def test_a_direction_has_a_number_for_each_latent() -> None:
    short = replace(CONTRACT.latents[0], direction=(1.0, 0.0))
    with pytest.raises(ModelError, match="direction of latent bright must be 4 numbers, one a latent, got 2"):
        replace(CONTRACT, latents=(short, *CONTRACT.latents[1:]))
