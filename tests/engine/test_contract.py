"""The contract goes to JSON and back exactly, and every broken model is refused in one clear sentence."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tests.engine.onnx_models import (
    MACROS,
    RESTORATION,
    TRAINING,
    build,
    lstm_model,
    macros_model,
    sound_model,
)
from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import BUILTIN, RENDER, Contract, Latent, ModelParameter
from tsumami.engine.inference.contract_file import check_contract, read_contract

finite = st.floats(allow_nan=False, allow_infinity=False)
text = st.text(max_size=20)
names = st.lists(text, max_size=4, unique=True)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    n_fft = draw(st.integers(0, 8192))
    return Contract(
        name=draw(text),
        kind=draw(st.sampled_from(["restoration", "groove", "loops", "timbre"])),
        sample_rate=draw(st.integers(1, 192_000)),
        training=replace(TRAINING, data=draw(text), seed=draw(st.integers())),
        n_fft=n_fft,
        hop=draw(st.integers(0, n_fft)),
        window=draw(text),
        normalisation=draw(st.dictionaries(text, finite, max_size=3)),
        parameters=tuple(ModelParameter(name, tuple(draw(names))) for name in draw(names)),
        latents=tuple(
            Latent(name, draw(text), draw(text), -draw(st.floats(0.1, 9)), 0.0) for name in draw(names)
        ),
        metrics=draw(st.dictionaries(text, finite, max_size=3)),
        instrument=draw(text),
        render={name: draw(finite) for name in RENDER},
    )


@settings(deadline=None)
@given(contracts())
def test_json_round_trip_is_exact(contract: Contract) -> None:
    assert Contract.from_json(contract.to_json()) == contract


def test_round_trip_through_a_model_file(tmp_path: Path) -> None:
    path = tmp_path / "macros.onnx"
    path.write_bytes(macros_model())
    assert check_contract(path, "macros") == read_contract(str(path)) == MACROS


@pytest.mark.parametrize("model", [sound_model(), sound_model(two_way=True)], ids=["listens", "both parts"])
def test_a_model_that_listens_passes(model: bytes) -> None:
    assert check_contract(model, "macros") == MACROS


def test_what_a_contract_does_not_say_is_the_default() -> None:
    older = Contract.from_json(document(instrument=None, render=None))
    assert (older.instrument, older.render) == (BUILTIN, RENDER)
    assert older == MACROS


def test_a_streaming_model_passes() -> None:
    assert check_contract(lstm_model(), "restoration") == RESTORATION


def test_the_table_is_split_into_continuous_and_discrete() -> None:
    assert [parameter.name for parameter in MACROS.continuous] == ["cutoff", "decay"]
    assert [parameter.name for parameter in MACROS.discrete] == ["wave"]
    assert MACROS.context_size == 3


def document(**changes: Any) -> str:
    """The JSON of `MACROS` with top-level fields changed, or removed where the change is None."""
    changed = json.loads(MACROS.to_json()) | changes
    return json.dumps({name: value for name, value in changed.items() if value is not None})


@pytest.mark.parametrize(
    ("json_text", "message"),
    [
        ("not json", "contract must be a JSON document, got text"),
        ("[]", r"contract must be an object, got \[\]"),
        (document(sample_rate=None), "contract.sample_rate must be given"),
        (document(sample_rate="48k"), "contract.sample_rate must be a whole number, got '48k'"),
        (document(sample_rate=True), "contract.sample_rate must be a whole number, got True"),
        (document(sample_rate=0), "sample_rate must be above 0 Hz, got 0"),
        (document(hop=4096), r"hop must be in 0-n_fft \(2048\) samples, got 4096"),
        (document(kind="reverb"), "contract.kind must be one of macros, .*, got 'reverb'"),
        (document(contract_version=2), "contract_version must be 1, got 2"),
        (document(colour="blue"), "contract must hold only name, .*, got colour"),
        (document(metrics={"sc": "low"}), "contract.metrics.sc must be a number, got 'low'"),
        (document(metrics={"sc": float("nan")}), "contract.metrics.sc must be finite, got nan"),
        (document(latents=[{"name": "bright"}]), r"contract.latents\[0\].low must be given"),
        (document(parameters=[]), "parameters of a macros model must have continuous rows, got none"),
        (document(render={"note": 60}), "render must hold note, velocity, .*, got note"),
        (
            document(parameters=[{"name": "a", "choices": []}] * 2),
            "names of parameters must be unique, got a twice",
        ),
        (
            document(latents=[{"name": "a", "low": "", "high": "", "minimum": 1, "maximum": 1}]),
            "minimum of latent a must be below 1.0, got 1.0",
        ),
    ],
)
def test_a_wrong_document_is_named_by_its_field(json_text: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Contract.from_json(json_text)
    with pytest.raises(ModelError, match=f"model: .*{message}"):
        check_contract(macros_model(metadata=json_text))


@pytest.mark.parametrize(
    "content",
    [b"", b"Dear model,\n" * 40, bytes(100), macros_model()[:-7], macros_model()[:30]],
    ids=["empty", "text", "zeros", "truncated", "only a head"],
)
def test_what_is_not_an_onnx_model_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(
        ModelError, match=r"broken\.onnx must be an ONNX model, got a file that cannot be loaded"
    ):
        check_contract(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model file must be readable, got .*none.onnx \(No such file"):
        check_contract(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match="model file must be readable, got"):
        check_contract(tmp_path)


def test_a_model_without_a_contract_is_refused() -> None:
    with pytest.raises(
        ModelError, match="model must hold a contract under the metadata key tsumami, got none"
    ):
        read_contract(macros_model(metadata=None))


def test_a_model_of_another_kind_is_refused() -> None:
    with pytest.raises(ModelError, match="kind of model must be restoration, got macros"):
        check_contract(macros_model(), "restoration")


def streaming(inputs: dict[str, list[Any]], outputs: dict[str, list[Any]], element_type: int) -> bytes:
    """A model that only copies inputs to outputs, in order."""
    nodes = [helper.make_node("Identity", [a], [b]) for a, b in zip(inputs, outputs, strict=False)]
    return build(nodes, inputs, outputs, {}, RESTORATION.to_json(), element_type)


FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (macros_model(names={"latent": "z"}), "inputs of model must be latent, parameters, context, got z"),
        (macros_model(names={"decoded": "d"}), "outputs of model must be decoded, encoded, got d, encoded"),
        (
            macros_model(replace(MACROS, latents=MACROS.latents[:1])),
            r"shape of latent of model must be \[1, 1\] \(1 latents\), got \[1, 2\]",
        ),
        (
            macros_model(replace(MACROS, parameters=(*MACROS.parameters, ModelParameter("attack")))),
            r"shape of parameters of model must be \[1, 3\] \(3 continuous rows .*, got \[1, 2\]",
        ),
        (
            macros_model(replace(MACROS, parameters=MACROS.continuous)),
            "inputs of model must be latent, parameters, got latent, parameters, context",
        ),
        (
            macros_model(
                replace(MACROS, parameters=(*MACROS.continuous, ModelParameter("on", ("no", "yes"))))
            ),
            r"shape of context of model must be \[1, 2\] \(2 choices of the discrete rows .*, got \[1, 3\]",
        ),
        (
            macros_model(replace(MACROS, latents=())),
            r"shape of latent of model must be \[1, 0\] \(0 latents\), got \[1, 2\]",
        ),
        (
            sound_model(two_way=True, names={"chosen": "c"}),
            "outputs of model must be decoded, encoded, predicted, chosen, got .*, c",
        ),
        (
            sound_model(names={"predicted": "decoded"}),
            "outputs of model must be predicted, chosen, got decoded, chosen",
        ),
        (sound_model(mel=(1, 80, 64)), r"shape of mel of model must be \[1, 64, 80\] .*, got \[1, 80, 64\]"),
        (
            sound_model(replace(MACROS, parameters=(*MACROS.parameters, ModelParameter("attack")))),
            r"shape of predicted of model must be \[1, 3\] .*, got \[1, 2\]",
        ),
        (
            lstm_model(next_h="h"),
            "outputs of model must be y, next_state_h, next_state_c, got y, h, next_state_c",
        ),
        (streaming({"input": [1]}, {"y": [1]}, FLOAT), "inputs of model must be x, got input"),
        (
            streaming({"x": [1], "h": [1]}, {"y": [1]}, FLOAT),
            r"inputs of model must be x, state_\*, got x, h",
        ),
        (
            streaming({"x": [1], "state_h": [2]}, {"y": [1]}, FLOAT),
            "outputs of model must be y, next_state_h, got y",
        ),
        (
            streaming({"x": [1]}, {"y": [1]}, HALF),
            r"tensor x of model must be float32, got tensor\(float16\)",
        ),
        (
            streaming({"x": ["batch"]}, {"y": ["batch"]}, FLOAT),
            "shape of x of model must be fixed numbers, got",
        ),
    ],
)
def test_a_graph_that_breaks_the_signature_is_refused(model: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        check_contract(model)


def test_a_next_state_of_another_shape_is_refused() -> None:
    node = helper.make_node("Concat", ["state_h", "state_h"], ["next_state_h"], axis=0)
    copy = helper.make_node("Identity", ["x"], ["y"])
    inputs, outputs = {"x": [1], "state_h": [2]}, {"y": [1], "next_state_h": [4]}
    model = build([copy, node], inputs, outputs, {}, RESTORATION.to_json())
    with pytest.raises(
        ModelError, match=r"shape of next_state_h of model must be that of state_h, \[2\], got \[4\]"
    ):
        check_contract(model)


def test_a_refused_model_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError):
        check_contract(b"nonsense")
    assert check_contract(macros_model()).name == "two knobs"
    assert capfd.readouterr() == ("", "")
