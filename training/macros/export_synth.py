"""Flow_synth's correction of an answer in an ONNX graph: its gradient, and the steps of Adam in a loop."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from onnx import TensorProto

from tsumami.plugins.match.mel import BANDS, FRAMES
from tsumami.training.macros.autoencoders import VALUE_VARIANCE
from tsumami.training.macros.export_flows import FlowNodes
from tsumami.training.macros.export_gradient import Pull, add_affine, add_perceptron, add_positions
from tsumami.training.macros.export_graph import Graph, array_of
from tsumami.training.macros.flow_synth import RATE, STEPS, FlowSynth
from tsumami.training.macros.synthesizer import HIDDEN, MOST_EXPONENT, QUANTITIES, SHAPES, Synthesizer

_MEAN_DECAY: Final = 0.9
_SQUARE_DECAY: Final = 0.999
_EPSILON: Final = 1e-8
"""Of torch's Adam."""


def add_correction(graph: Graph, model: FlowSynth, x: str, begin: str) -> str:
    """The latent that ``begin`` is corrected to for the standardised mel ``x`` ``[1, 64, 80]``."""
    size = model.shape.parameters
    flow = FlowNodes(graph, model.map.flow)
    answer, _ = add_positions(graph, flow.forward(begin)[0])
    slope = _add_slope(graph, model, x)

    def gradient(latent: str) -> str:
        real, pull_flow = flow.forward(latent)
        values, pull_positions = add_positions(graph, real)
        frames, pull_frames = _add_synthesizer(graph, model.synthesizer, values, size)
        moved = graph.node("Sub", [values, answer])
        by_answer = graph.times(moved, 2.0 / (size * VALUE_VARIANCE))
        return pull_flow(pull_positions(graph.node("Add", [pull_frames(slope(frames)), by_answer])))

    def step(count: str, state: list[str]) -> list[str]:
        return _add_adam(graph, count, state, gradient(state[0]))

    nothing = graph.constant(np.zeros((1, size)))
    corrected, _, _ = graph.repeat(STEPS, [(begin, size), (nothing, size), (nothing, size)], step)
    return corrected


def _add_adam(graph: Graph, count: str, state: list[str], gradient: str) -> list[str]:
    """One step of Adam (Kingma and Ba 2015): what is turned, and the two moments of its gradient."""
    value, mean, square = state
    number = graph.node("Add", [graph.node("Cast", [count], to=TensorProto.FLOAT), graph.constant(1.0)])
    squared = graph.node("Mul", [gradient, gradient])
    mean, square = (
        graph.node("Add", [graph.times(before, decay), graph.times(now, 1.0 - decay)])
        for before, now, decay in ((mean, gradient, _MEAN_DECAY), (square, squared, _SQUARE_DECAY))
    )
    first, second = (
        graph.node("Sub", [graph.constant(1.0), graph.node("Pow", [graph.constant(decay), number])])
        for decay in (_MEAN_DECAY, _SQUARE_DECAY)
    )
    size = graph.node("Sqrt", [graph.node("Div", [square, second])])
    direction = graph.node("Div", [mean, graph.node("Add", [size, graph.constant(_EPSILON)])])
    rate = graph.node("Div", [graph.constant(RATE), first])
    return [graph.node("Sub", [value, graph.node("Mul", [rate, direction])]), mean, square]


def _add_synthesizer(graph: Graph, synthesizer: Synthesizer, values: str, size: int) -> tuple[str, Pull]:
    """Frames ``[frames, bands]`` of a mel of positions ``[1, size]``."""
    given, pull_given = _add_cosines(graph, values, size)
    amounts, pull_amounts = add_perceptron(graph, synthesizer.amounts, given)
    moving, still = graph.split(amounts, [QUANTITIES * SHAPES, HIDDEN])
    shapes = graph.constant(array_of(synthesizer.shapes).T)
    each = graph.node("Reshape", [moving, graph.constant([QUANTITIES, SHAPES], np.int64)])
    quantities = graph.node("Gemm", [shapes, each], transB=1)
    enter = synthesizer.enter
    entered, pull_enter = add_affine(graph, quantities, array_of(enter.weight), array_of(enter.bias))
    frames, pull_bands = add_perceptron(graph, synthesizer.bands, graph.node("Add", [entered, still]))

    def pull(gradient: str) -> str:
        by_entered = pull_bands(gradient)
        by_each = graph.node("Gemm", [pull_enter(by_entered), shapes], transA=1)
        by_still = graph.node("ReduceSum", [by_entered, graph.constant([0], np.int64)], keepdims=1)
        by_amounts = graph.node("Concat", [graph.row(by_each), by_still], axis=1)
        return pull_given(pull_amounts(by_amounts))

    return frames, pull


def _add_cosines(graph: Graph, values: str, size: int) -> tuple[str, Pull]:
    """Positions, and half and whole cosines of them."""
    turned = [graph.times(values, times * math.pi) for times in (1, 2)]
    given = graph.node("Concat", [values, *(graph.node("Cos", [angle]) for angle in turned)], axis=1)

    def pull(gradient: str) -> str:
        straight, *cosines = graph.split(gradient, [size] * 3)
        for times, (angle, cosine) in enumerate(zip(turned, cosines, strict=True), 1):
            falling = graph.times(graph.node("Sin", [angle]), -times * math.pi)
            straight = graph.node("Add", [straight, graph.node("Mul", [cosine, falling])])
        return straight

    return given, pull


def _add_slope(graph: Graph, model: FlowSynth, x: str) -> Callable[[str], str]:
    """The gradient of `Synthesizer.heard_error` by a mel's frames, for the sound ``x``."""
    deviation = float(model.synthesizer.deviation)
    frames = graph.constant([FRAMES, BANDS], np.int64)
    heard = graph.row(graph.node("Transpose", [x], perm=[0, 2, 1]))
    weights = graph.node("Softmax", [graph.times(heard, 2.0 * deviation)], axis=1)
    most, one = graph.constant(MOST_EXPONENT), graph.constant(1.0)

    def slope(mel: str) -> str:
        ratio = graph.times(graph.node("Sub", [graph.row(mel), heard]), deviation)
        grown = graph.node("Exp", [graph.node("Min", [ratio, most])])
        over = graph.node("Mul", [weights, graph.node("Sub", [grown, one])])
        squares = graph.node("Mul", [over, graph.node("Sub", [grown, one])])
        convergence = graph.node("ReduceSum", [squares, graph.constant([1], np.int64)], keepdims=1)
        below = graph.node("Cast", [graph.node("LessOrEqual", [ratio, most])], to=TensorProto.FLOAT)
        by_power = graph.node("Mul", [graph.node("Mul", [over, grown]), below])
        by_power = graph.node("Div", [by_power, graph.node("Add", [convergence, one])])
        held = graph.node("Clip", [ratio, graph.constant(-1.0), one])
        both = graph.node("Add", [graph.node("Mul", [weights, held]), by_power])
        return graph.node("Reshape", [graph.times(both, 2.0 * deviation), frames])

    return slope
