"""Flow_synth's correction of an answer in an ONNX graph: its gradient, and the steps of Adam in a loop."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from onnx import TensorProto

from tsumami.training.macros.autoencoders import VALUE_VARIANCE
from tsumami.training.macros.export_flows import FlowNodes
from tsumami.training.macros.export_gradient import Pull, add_affine, add_perceptron, add_positions
from tsumami.training.macros.export_graph import Graph, array_of
from tsumami.training.macros.flow_synth import RATE, STEPS, FlowSynth
from tsumami.training.macros.synthesizer import Synthesizer

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
        mel, pull_mel = _add_synthesizer(graph, model.synthesizer, values, size)
        moved = graph.node("Sub", [values, answer])
        by_answer = graph.times(moved, 2.0 / (size * VALUE_VARIANCE))
        return pull_flow(pull_positions(graph.node("Add", [pull_mel(slope(mel)), by_answer])))

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
    """Mels ``[1, bands * frames]`` of positions ``[1, size]``."""
    turned = [graph.times(values, times * math.pi) for times in (1, 2)]
    given = graph.node("Concat", [values, *(graph.node("Cos", [angle]) for angle in turned)], axis=1)
    amounts, pull_amounts = add_perceptron(graph, synthesizer.amounts, given)
    mel, pull_mel = add_affine(graph, amounts, array_of(synthesizer.components).T, array_of(synthesizer.mean))

    def pull(gradient: str) -> str:
        straight, *cosines = graph.split(pull_amounts(pull_mel(gradient)), [size] * 3)
        for times, (angle, cosine) in enumerate(zip(turned, cosines, strict=True), 1):
            falling = graph.times(graph.node("Sin", [angle]), -times * math.pi)
            straight = graph.node("Add", [straight, graph.node("Mul", [cosine, falling])])
        return straight

    return mel, pull


def _add_slope(graph: Graph, model: FlowSynth, x: str) -> Callable[[str], str]:
    """The gradient of `Synthesizer.heard_error` by a mel, for the sound ``x``."""
    deviation = float(model.synthesizer.deviation)
    flat = graph.node("Flatten", [x])
    weights = graph.node("Softmax", [graph.times(flat, 2.0 * deviation)], axis=1)
    factors = graph.times(weights, 2.0 * deviation)

    def slope(mel: str) -> str:
        ratio = graph.times(graph.node("Sub", [mel, flat]), deviation)
        held = graph.node("Clip", [ratio, graph.constant(-1.0), graph.constant(1.0)])
        return graph.node("Mul", [factors, held])

    return slope
