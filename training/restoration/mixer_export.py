"""The trained mixer as a model file for the engine, and its card."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import Contract, Training
from tsumami.engine.inference.inference import Inference
from tsumami.engine.restoration.bands import BANDS
from tsumami.engine.restoration.mix_features import FEATURES
from tsumami.engine.restoration.mix_parts import PARTS
from tsumami.training.macros.export_graph import Graph, array_of, model_file, write_model
from tsumami.training.restoration.mixer_clips import RATE
from tsumami.training.restoration.mixer_fit import Trained
from tsumami.training.restoration.mixer_network import FARTHEST, MixerNetwork

TOLERANCE: Final = 1e-5
"""Of a weight, between the file and torch."""

_PROBES: Final = 16
_CARD = """# {name}

Weighs, band by band and window by window, what a lost packet's continuation is mixed of: two autoregressions,
a quicker third, and what was played before at a place like the present.
`tsumami restore`, `tsumami stream` and `tsumami live --repair` use it; `--model none` leaves it away.
Licence: GPL-3.0-or-later, like the programme that made it.

## Made by

`{command}`: seed {seed}, epoch {epoch} of {epochs}, {weights:,} weights.
Data: {data}; hash of the examples `{data_hash}`.
Every tenth clip was kept for the validation.

## Figures

Of the validation's clips, mean over clips of the error's energy against the truth's:

{metrics}

`tsumami bench restoration --data FOLDER` measures it on music of your own (`docs/results/restoration.md`).

## Limits

- It weighs; what none of the parts foresees, an onset above all, it cannot make.
- For packets of 5 ms and more, and all gaps of a live input. Shorter packets are left to one autoregression.
- What a gap loses by it counts {regret:g} times again in its training, so that few do; not none.
"""


def save_mixer(trained: Trained, out: Path) -> Contract:
    """Write the model to ``out`` and the card beside it; returns its contract."""
    contract = _contract(trained)
    content = mixer_file(trained.network, contract)
    error = _difference(trained.network, content)
    if error > TOLERANCE:
        raise ModelError(f"exported mixer must weigh as in torch, within {TOLERANCE:g}, got {error:g}")
    contract = replace(contract, metrics={**contract.metrics, "export error": error})
    write_model(mixer_file(trained.network, contract), out)
    out.with_suffix(".md").write_text(_card(trained, contract), "utf-8")
    return contract


def mixer_file(network: MixerNetwork, contract: Contract) -> bytes:
    """The ONNX file's bytes, checked against the contract by the engine's own check."""
    graph = Graph()
    scale = 1.0 / array_of(network.spread)
    hidden = graph.scaled("x", scale, -array_of(network.mean) * scale)
    hidden = graph.node("Clip", [hidden, graph.constant(-FARTHEST), graph.constant(FARTHEST)])
    layers: list[Any] = list(network.layers)
    for layer in layers[:-1]:
        hidden = graph.node("Elu", [_add_convolution(graph, hidden, layer)])
    graph.node("Tanh", [_add_convolution(graph, hidden, layers[-1])], "y")
    return model_file(graph, {"x": [1, FEATURES, BANDS]}, {"y": [1, PARTS, BANDS]}, contract)


def _add_convolution(graph: Graph, source: str, layer: Any) -> str:
    weight, bias = array_of(layer.weight), array_of(layer.bias)
    beside = weight.shape[-1] // 2
    inputs = [source, graph.constant(weight), graph.constant(bias)]
    return graph.node("Conv", inputs, kernel_shape=[weight.shape[-1]], pads=[beside, beside])


def _difference(network: MixerNetwork, content: bytes) -> float:
    """The largest between the file's answers and torch's, to seeded features."""
    inference = Inference(content, "cpu", "restoration")
    rng = np.random.default_rng(0)
    mean, spread = array_of(network.mean), array_of(network.spread)
    errors = []
    for _ in range(_PROBES):
        features = (mean + spread * rng.standard_normal((FEATURES, BANDS))).astype(np.float32)
        inference.inputs["x"][0] = features
        inference.step()
        with torch.inference_mode():
            expected = network(torch.from_numpy(features)[None]).numpy()
        errors.append(float(np.abs(inference.outputs["y"] - expected).max()))
    return max(errors)


def _contract(trained: Trained) -> Contract:
    sources = trained.sources
    data = (
        f"{trained.schedule.clips} clips, in turn of {len(sources.music)} recordings of music and of single "
        f"notes of {len(sources.instruments)} instruments"
    )
    return Contract(
        name="restoration mixer",
        kind="restoration",
        sample_rate=RATE,
        training=Training(data, trained.data_hash, trained.command, trained.seed),
        metrics={name: round(value, 4) for name, value in trained.figures.items()},
    )


def _card(trained: Trained, contract: Contract) -> str:
    rows = {
        "mixed": f"{contract.metrics['validation error']:.2f} dB",
        "by the plain weights": f"{contract.metrics['validation error, plain']:.2f} dB",
        "largest difference of a weight from torch's": f"{contract.metrics['export error']:.2g}",
    }
    return _CARD.format(
        name=contract.name,
        command=trained.command,
        seed=trained.seed,
        epoch=trained.epoch,
        regret=trained.schedule.regret,
        epochs=trained.schedule.epochs,
        weights=sum(parameter.numel() for parameter in trained.network.parameters()),
        data=contract.training.data,
        data_hash=trained.data_hash,
        metrics="\n".join(f"- {name}: {value}" for name, value in rows.items()),
    )
