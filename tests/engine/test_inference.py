"""Streaming models against a plain LSTM in numpy, the late policy, and macros models both ways."""

import time
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from onnx import helper

from tests.engine.onnx_models import (
    FEATURES,
    HIDDEN,
    MACROS,
    RESTORATION,
    SCALE,
    build,
    lstm_model,
    lstm_weights,
    macros_model,
    running_sum_model,
)
from tsumami.engine.errors import ModelError
from tsumami.engine.inference import inference, provider
from tsumami.engine.inference.binding import DeviceBinding
from tsumami.engine.inference.graph import keep_outputs
from tsumami.engine.inference.inference import Inference
from tsumami.engine.macros.model import MacroModel
from tsumami.engine.meters import percentiles

PAST_NS = 0
"""A deadline that every step misses."""

# Gates pass through exp in float32 both here and there; a few ulp of values below 1 may differ.
TOLERANCE = 2e-6


def lstm(sequence: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The LSTM of `lstm_model` written out, gates in ONNX order i, o, f, c; [steps, hidden] of each step."""
    weights = lstm_weights()
    bias = weights["B"][0, : 4 * HIDDEN] + weights["B"][0, 4 * HIDDEN :]
    h = c = np.zeros(HIDDEN, np.float32)
    hidden = []
    for x in sequence:
        gates = weights["W"][0] @ x + weights["R"][0] @ h + bias
        i, o, f = (1 / (1 + np.exp(-gate)) for gate in np.split(gates, 4)[:3])
        c = f * c + i * np.tanh(gates[3 * HIDDEN :])
        h = o * np.tanh(c)
        hidden.append(h)
    return np.array(hidden)


def noise(steps: int, seed: int = 1) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(steps, FEATURES)).astype(np.float32)


def prepared(model: bytes, **options: Any) -> Inference:
    session = Inference(model, **options)
    session.prepare()
    return session


def feed(session: Inference, sequence: npt.NDArray[np.float32], deadline_ns: int | None = None) -> Any:
    """Step once per row of ``sequence``; the outputs, [steps, hidden]."""
    frames = session.inputs["x"].shape[0]
    hidden = []
    for start in range(0, len(sequence), frames):
        session.inputs["x"][:, 0] = sequence[start : start + frames]
        session.step(deadline_ns)
        hidden.append(session.outputs["y"][:, 0, 0].copy())
    return np.concatenate(hidden)


@pytest.mark.parametrize("frames", [1, 4])
def test_states_go_round(frames: int) -> None:
    sequence = noise(20)
    found = feed(prepared(lstm_model(frames), provider="cpu", kind="restoration"), sequence)
    np.testing.assert_allclose(found, lstm(sequence), atol=TOLERANCE, rtol=0)


def test_reset_begins_again_and_keeps_the_counters() -> None:
    session = prepared(lstm_model())
    first = feed(session, noise(5))
    session.reset()
    assert np.array_equal(feed(session, noise(5)), first)
    assert session.counters.steps == 10


def test_a_rolled_back_step_leaves_no_trace() -> None:
    session = prepared(lstm_model())
    before = feed(session, noise(6))
    feed(session, 9 * noise(1, seed=2))
    session.rollback()
    assert np.array_equal(session.outputs["y"].ravel(), before[-1])
    session.rollback()  # only one step back is kept, a second call changes nothing
    after = feed(session, noise(4, seed=3))
    expected = lstm(np.concatenate([noise(6), noise(4, seed=3)]))
    np.testing.assert_allclose(np.concatenate([before, after]), expected, atol=TOLERANCE, rtol=0)


def test_a_result_stays_while_the_next_is_computed() -> None:
    session = prepared(lstm_model())
    feed(session, noise(3))
    held = session.outputs["y"]
    copy = held.copy()
    feed(session, noise(1, seed=5))
    assert np.array_equal(held, copy)


def test_steps_neither_move_nor_replace_their_buffers() -> None:
    session = prepared(lstm_model())
    feed(session, noise(2))
    addresses = [session.inputs["x"].ctypes.data]
    outputs = {session.outputs["y"].ctypes.data for _ in range(6) if session.step()}
    assert [session.inputs["x"].ctypes.data] == addresses
    assert len(outputs) == 2


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_non_finite_result_is_counted_and_taken_back(poison: float) -> None:
    session = prepared(running_sum_model())
    for x in (1, 2, poison, 3):
        session.inputs["x"].fill(x)
        assert session.step() == np.isfinite(x)
    assert session.outputs["y"].tolist() == [6]
    assert (session.counters.steps, session.counters.non_finite) == (4, 1)


def test_late_steps_are_counted_and_complete() -> None:
    session = prepared(lstm_model(), provider="cpu")
    late = feed(session, noise(4), PAST_NS)
    assert session.step(time.perf_counter_ns() + 10**12)
    counters = session.counters
    assert (counters.steps, counters.late, counters.stepped_down) == (5, 4, 0)
    np.testing.assert_allclose(late, lstm(noise(4)), atol=TOLERANCE, rtol=0)


def test_the_load_is_measured() -> None:
    session = prepared(lstm_model())
    assert session.load.sum() == 0
    feed(session, noise(10))
    assert session.load.sum() == 10
    assert percentiles(session.load, [50])[0] > 0


@pytest.fixture
def pretended_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU session that says it is CUDA, unless the CPU is asked for; no GPU can be made to be late.

    Its buffers are the device's own values, in the CPU's memory.
    """
    labels: dict[int, provider.Provider] = {}

    def open_on(model: bytes, name: str, wanted: provider.Provider, **options: Any) -> Any:
        session = provider.open_on(model, name, "cpu", **options)
        labels[id(session)] = "cpu" if wanted == "cpu" else "cuda"
        return session

    monkeypatch.setattr(inference, "open_on", open_on)
    monkeypatch.setattr(inference, "provider_of", lambda session: labels[id(session)])
    monkeypatch.setitem(inference._BINDINGS, "cuda", partial(DeviceBinding, device="cpu"))


@pytest.mark.usefixtures("pretended_cuda")
def test_states_stay_on_the_device() -> None:
    session = prepared(lstm_model(4), provider="cuda")
    found = [feed(session, noise(8))]
    feed(session, 9 * noise(4, seed=2))
    session.rollback()
    found.append(feed(session, noise(4, seed=3)))
    expected = lstm(np.concatenate([noise(8), noise(4, seed=3)]))
    np.testing.assert_allclose(np.concatenate(found), expected, atol=TOLERANCE, rtol=0)
    session.reset()
    assert np.array_equal(feed(session, noise(8)), found[0])


@pytest.mark.usefixtures("pretended_cuda")
def test_a_provider_that_keeps_missing_is_stepped_down_once() -> None:
    session = prepared(lstm_model(), misses_to_step_down=3)
    sequence = noise(12)
    found = [feed(session, sequence[:2], PAST_NS), feed(session, sequence[2:3])]
    assert session.provider == "cuda"
    found.append(feed(session, sequence[3:6], PAST_NS))
    assert (session.provider, session.counters.stepped_down) == ("cpu", 1)
    found.append(feed(session, sequence[6:], PAST_NS))
    assert session.counters.stepped_down == 1
    np.testing.assert_allclose(np.concatenate(found), lstm(sequence), atol=TOLERANCE, rtol=0)


@pytest.mark.usefixtures("pretended_cuda")
def test_the_step_that_stepped_down_can_be_rolled_back() -> None:
    session = prepared(lstm_model(), misses_to_step_down=2)
    feed(session, noise(2), PAST_NS)
    assert session.provider == "cpu"
    session.rollback()
    found = feed(session, noise(1, seed=2))
    expected = lstm(np.concatenate([noise(1), noise(1, seed=2)]))[1:]
    np.testing.assert_allclose(found, expected, atol=TOLERANCE, rtol=0)


@pytest.mark.usefixtures("pretended_cuda")
def test_a_forced_provider_is_never_stepped_down() -> None:
    session = prepared(lstm_model(), provider="cuda", misses_to_step_down=2)
    feed(session, noise(6), PAST_NS)
    assert (session.provider, session.counters.late, session.counters.stepped_down) == ("cuda", 6, 0)


def test_a_forced_provider_that_does_not_load_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # On a machine with CUDA, hide it.
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(
        ModelError, match=r"provider of model must load, got cuda, .*`pip install tsumami\[cuda\]`"
    ):
        Inference(lstm_model(), provider="cuda")
    assert Inference(lstm_model(), provider="auto").provider == "cpu"


def test_auto_says_what_loaded_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert Inference(lstm_model()).provider in ("cpu", "cuda")
    assert capfd.readouterr() == ("", "")


def test_an_unknown_provider_and_a_wrong_model_are_refused() -> None:
    with pytest.raises(ModelError, match="provider must be one of auto, cpu, cuda, got tpu"):
        Inference(lstm_model(), provider="tpu")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="kind of model must be groove, got restoration"):
        Inference(lstm_model(), kind="groove")
    with pytest.raises(ModelError, match="kind of model must be macros, got restoration"):
        MacroModel(lstm_model())
    with pytest.raises(ModelError, match="outputs of model must be"):
        Inference(lstm_model(next_h="h"))


def macros() -> MacroModel:
    model = MacroModel(macros_model(), "cpu")
    model.prepare()
    return model


def test_macros_decode_and_encode_are_each_others_inverse() -> None:
    model = macros()
    rng = np.random.default_rng(4)
    for choice in range(3):
        context = model.context_of([choice])
        latent = rng.normal(size=2).astype(np.float32)
        parameters = model.decode(latent, context)
        np.testing.assert_array_equal(parameters, latent * SCALE[0] + context[:2])
        # Scales are powers of two: only the addition of the context rounds.
        np.testing.assert_allclose(model.encode(parameters, context), latent, atol=1e-6, rtol=0)


def test_macros_know_their_contract() -> None:
    model = macros()
    assert model.contract == MACROS
    assert [latent.name for latent in model.latents] == ["bright", "long"]
    assert model.provider == "cpu"


def test_the_context_is_one_hot() -> None:
    assert macros().context_of([1]).tolist() == [0, 1, 0]
    with pytest.raises(ModelError, match="choice of wave must be in 0-2, got 3"):
        macros().context_of([3])
    with pytest.raises(ModelError, match=r"choices must be one per discrete parameter \(1\), got 2"):
        macros().context_of([0, 1])


@pytest.mark.parametrize(
    ("output", "operators"), [("decoded", "Slice Mul Add"), ("encoded", "Slice Sub Div")]
)
def test_a_direction_keeps_only_the_nodes_that_it_needs(output: str, operators: str) -> None:
    cut = onnx.load_from_string(keep_outputs(macros_model(), output))
    onnx.checker.check_model(cut)
    assert [node.op_type for node in cut.graph.node] == operators.split()
    assert [value.name for value in cut.graph.output] == [output]
    assert [value.name for value in cut.graph.input] == ["latent", "parameters", "context"]


def test_nodes_that_only_an_inner_graph_reads_are_kept() -> None:
    branch = helper.make_graph(
        [helper.make_node("Neg", ["doubled"], ["negated"])],
        "branch",
        [],
        [helper.make_tensor_value_info("negated", onnx.TensorProto.FLOAT, [1])],
    )
    nodes = [
        helper.make_node("Add", ["x", "x"], ["doubled"]),
        helper.make_node("If", ["condition"], ["y"], then_branch=branch, else_branch=branch),
        helper.make_node("Abs", ["x"], ["other"]),
    ]
    weights = {"condition": np.array([True])}
    model = build(nodes, {"x": [1]}, {"y": [1], "other": [1]}, weights, RESTORATION.to_json())
    cut = keep_outputs(model, "y")
    assert [node.op_type for node in onnx.load_from_string(cut).graph.node] == ["Add", "If"]
    session: Any = onnxruntime.InferenceSession(cut, providers=["CPUExecutionProvider"])
    assert np.array_equal(session.run(None, {"x": np.ones(1, np.float32)})[0], [-2])


def test_bytes_that_are_cut_off_cannot_be_cut() -> None:
    with pytest.raises(ModelError, match="model must be a complete protobuf message"):
        keep_outputs(macros_model()[:-3], "decoded")
    with pytest.raises(ModelError, match="model must be a protobuf message, got wire type 7"):
        keep_outputs(b"\x07\x00", "decoded")
