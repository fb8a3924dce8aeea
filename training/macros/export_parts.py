"""The two parts of a macros model's graph, out of any trained model of synth control."""

from typing import Final

from tsumami.engine.errors import ModelError
from tsumami.training.macros.autoencoders import AutoEncoder
from tsumami.training.macros.export_flows import FlowNodes, add_reals
from tsumami.training.macros.export_gradient import add_positions
from tsumami.training.macros.export_graph import Graph
from tsumami.training.macros.export_layers import add_layers
from tsumami.training.macros.export_synth import add_correction
from tsumami.training.macros.flow_models import FlowDis, Invertible, VaeFlow
from tsumami.training.macros.flow_synth import FlowSynth
from tsumami.training.macros.flows import Flow
from tsumami.training.macros.head_models import CnnHeads, FlowHeads
from tsumami.training.macros.heads import ChoiceHead, ChoiceTable
from tsumami.training.macros.regressions import RegressionModel
from tsumami.training.macros.synth_model import SynthNetwork

_CHOSEN: Final = "chosen"
_HEARD: Final = "heard"
_PREDICTED: Final = "predicted"


def add_two_way(graph: Graph, model: Invertible) -> None:
    """From ``latent`` to ``decoded``, and from ``parameters`` to ``encoded``, given ``context`` if any."""
    flow = FlowNodes(graph, model.map.flow, "context" if model.shape.context else "")
    add_positions(graph, flow.forward("latent")[0], "decoded")
    graph.node("Identity", [flow.inverse(add_reals(graph, "parameters"))], "encoded")


def add_listening(graph: Graph, model: SynthNetwork, x: str) -> list[str]:
    """From the standardised mel ``x`` to the outputs whose names are returned.

    Raises `ModelError` for a model that is of none of the kinds that there are nodes for.
    """
    match model:
        case CnnHeads():
            features = add_layers(graph, model.features, x)
            _name(graph, add_layers(graph, model.head, features), _PREDICTED)
            _add_choices(graph, model.choices, model.table, features)
            return [_PREDICTED, _CHOSEN]
        case RegressionModel():
            features = add_layers(graph, model.features, x)
            _name(graph, add_layers(graph, model.head, features), _PREDICTED)
            return [_PREDICTED]
        case AutoEncoder():
            return _add_autoencoder(graph, model, x)
    raise ModelError(f"model must be one that can be exported, got {type(model).__name__}")


def _add_autoencoder(graph: Graph, model: AutoEncoder, x: str) -> list[str]:
    latent = add_layers(graph, model.encoder, x)
    if model.stochastic:
        latent = graph.take(latent, range(model.shape.parameters))
    for flow in _bends(model):
        latent, _ = FlowNodes(graph, flow).forward(latent)
    if not isinstance(model, Invertible):
        _name(graph, add_layers(graph, model.regression, latent), _PREDICTED)
        return [_PREDICTED]
    _name(graph, latent, _HEARD)
    context = ""
    if isinstance(model, FlowHeads):
        features = add_layers(graph, model.features, x)
        context = _add_choices(graph, model.choices, model.table, features)
    if isinstance(model, FlowSynth):
        latent = add_correction(graph, model, x, latent)
    real, _ = FlowNodes(graph, model.map.flow, context).forward(latent)
    add_positions(graph, real, _PREDICTED)
    return [_PREDICTED, *([_CHOSEN] if context else []), _HEARD]


def _bends(model: AutoEncoder) -> list[Flow]:
    """The flows that the posterior's mean goes through, in order."""
    bends = [model.bend] if isinstance(model, VaeFlow) else []
    return [*bends, model.order] if isinstance(model, FlowDis) else bends


def _add_choices(graph: Graph, head: ChoiceHead, table: ChoiceTable, features: str) -> str:
    """The probabilities of all choices, under their name; what is returned is one-hot vectors instead."""
    logits = graph.split(add_layers(graph, head, features), table.counts)
    probabilities = [graph.node("Softmax", [part], axis=1) for part in logits]
    graph.node("Concat", probabilities, _CHOSEN, axis=1)
    return graph.node(
        "Concat",
        [graph.one_hot(part, count) for part, count in zip(logits, table.counts, strict=True)],
        axis=1,
    )


def _name(graph: Graph, source: str, name: str) -> None:
    graph.node("Identity", [source], name)
