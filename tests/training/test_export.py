from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from tests.training.flows import patches, stirred_flow, tensors
from tsumami.engine import MacroModel, check_contract
from tsumami.engine.inference.contract import Contract, Latent, ModelParameter, Training
from tsumami.plugins import CONTINUOUS, PARAMETERS
from tsumami.training.macros.export import export_flow
from tsumami.training.macros.export_graph import write_model
from tsumami.training.macros.layout import LATENTS, MOVED, PINNED, context_of

MEAN = np.linspace(0.3, 0.6, len(PINNED)).astype(np.float32)
SPREAD = np.linspace(0.1, 0.3, len(PINNED)).astype(np.float32)
CONTRACT = Contract(
    name="test",
    kind="macros",
    sample_rate=22050,
    training=Training("none", "0", "pytest", 0),
    parameters=tuple(ModelParameter(row.name, row.choices) for row in PARAMETERS),
    latents=tuple(Latent(name, "", "", -3.0, 3.0) for name in LATENTS),
)


@pytest.fixture(scope="module")
def content() -> bytes:
    return export_flow(stirred_flow(), MEAN, SPREAD, CONTRACT)


@pytest.fixture(scope="module")
def model(content: bytes) -> MacroModel:
    return MacroModel(content, "cpu")


def test_the_engine_accepts_the_file(content: bytes) -> None:
    assert check_contract(content, "macros") == CONTRACT


def test_the_engine_encodes_and_decodes_as_torch_does(model: MacroModel) -> None:
    flow, whole = stirred_flow(), patches(40, seed=5)
    moved, condition = tensors(whole)
    latents = flow.encode(moved, condition)[0]
    turned = latents + 0.5 * torch.randn_like(latents)
    decoded = flow.decode(turned, condition).clamp(0, 1).numpy()
    contexts = context_of(whole)
    for row, patch in enumerate(whole):
        latent = model.encode(patch[:CONTINUOUS], contexts[row])
        np.testing.assert_allclose(latent[: len(MOVED)], latents[row], atol=1e-4)
        pinned = (patch[list(PINNED)] - MEAN) / SPREAD
        np.testing.assert_allclose(latent[len(MOVED) :], pinned, atol=1e-5)
        parameters = model.decode(np.concatenate([turned[row].numpy(), pinned]), contexts[row])
        np.testing.assert_allclose(parameters[list(MOVED)], decoded[row], atol=1e-5)
        np.testing.assert_allclose(parameters[list(PINNED)], patch[list(PINNED)], atol=1e-6)


def test_every_preset_comes_back_through_its_latent(model: MacroModel) -> None:
    whole = patches(40, seed=6)
    for patch, context in zip(whole, context_of(whole), strict=True):
        latent = model.encode(patch[:CONTINUOUS], context).copy()
        # float32 through eight layers there and back, and a logit
        np.testing.assert_allclose(model.decode(latent, context), patch[:CONTINUOUS], atol=5e-5)


def test_no_latent_leaves_the_range(model: MacroModel) -> None:
    rng = np.random.default_rng(0)
    context = context_of(patches(1))[0]
    for scale in (1.0, 3.0, 10.0):
        decoded = model.decode(rng.normal(0, scale, CONTINUOUS), context)
        assert np.all((decoded >= 0) & (decoded <= 1))


def test_no_macro_moves_what_is_pinned(model: MacroModel) -> None:
    whole = patches(10, seed=7)
    for patch, context in zip(whole, context_of(whole), strict=True):
        latent = model.encode(patch[:CONTINUOUS], context).copy()
        at_rest = model.decode(latent, context).copy()
        latent[: len(MOVED)] += 1.5
        turned = model.decode(latent, context)
        np.testing.assert_array_equal(turned[list(PINNED)], at_rest[list(PINNED)])
        assert np.abs(turned - at_rest).max() > 0.05


def test_the_file_holds_few_kinds_of_nodes(content: bytes) -> None:
    nodes = onnx.load_from_string(content).graph.node
    assert {node.op_type for node in nodes} <= {
        *(
            "Gemm",
            "Elu",
            "Gather",
            "Concat",
            "Mul",
            "Add",
            "Sub",
            "Div",
            "Pow",
            "Softsign",
            "Sigmoid",
            "Log",
            "Clip",
        )
    }


def test_a_model_is_written_whole(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "new" / "macros.onnx"
    write_model(content, path)
    assert path.read_bytes() == content
    assert [item.name for item in path.parent.iterdir()] == ["macros.onnx"]
