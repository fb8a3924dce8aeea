"""A synthesizer outside with a model of its own: its parameters, presets and sends."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.amsynth import EXAMPLES
from tests.engine.onnx_models import MACROS, macros_model
from tests.leftovers import assert_nothing_left
from tests.waiting import until
from tsumami.bridge.session.programs import PatchPrograms
from tsumami.bridge.session.session import load_session
from tsumami.bridge.session.setup import Setup, set_up
from tsumami.engine import EngineClient
from tsumami.engine.errors import SessionError
from tsumami.engine.events import Kind, event
from tsumami.engine.inference.contract import ModelParameter
from tsumami.plugins.presets import read_presets

BANK = EXAMPLES / "amsynth.bank"
WAVES = ("sine", "pulse", "saw")
TABLE = (
    ModelParameter("filter_cutoff"),
    ModelParameter("osc1_waveform", WAVES),
    ModelParameter("amp_decay"),
)
"""Of amsynth's many parameters."""


def session_of(
    folder: Path, *, instrument: str = "amsynth", bank: Path | None = BANK, more: str = ""
) -> Path:
    contract = dataclasses.replace(MACROS, parameters=TABLE, instrument=instrument)
    (folder / "model.onnx").write_bytes(macros_model(contract))
    bank_line = "" if bank is None else f'bank = "{bank}"\n'
    path = folder / "session.toml"
    path.write_text(
        f'[device]\nname = "null"\n[macros]\nmodel = "model.onnx"\n[instrument]\nkind = "external"\n'
        f'{bank_line}{more}[[send]]\nparameter = "filter_cutoff"\ncc = 74\n'
    )
    return path


def ready(path: Path) -> Setup:
    return set_up(load_session(path), path)


def test_parameters_and_patches_are_the_models(tmp_path: Path) -> None:
    setup = ready(session_of(tmp_path))
    (preset,) = read_presets(BANK)
    assert [parameter.name for parameter in setup.parameters] == [row.name for row in TABLE]
    assert setup.parameters[1].choices == WAVES
    assert setup.sound == preset.name
    np.testing.assert_allclose(setup.config.values, [preset.positions[row.name] for row in TABLE], rtol=1e-6)
    assert setup.macros == ("bright", "long")


def test_a_macro_moves_the_synthesizers_own_preset(tmp_path: Path) -> None:
    setup = ready(session_of(tmp_path))
    said: list[str] = []
    engine = EngineClient(setup.config, lambda message: said.append(message.text))
    try:
        engine.launch()
        engine.wait_ready()
        parameters = engine.memory.meters["parameters"]
        start = np.array(setup.config.values, np.float32)
        until(lambda: np.allclose(parameters[:3], start), said)
        engine.move(event(Kind.MACRO, 0, 0.5))  # the first move only says where the knob stands
        engine.move(event(Kind.MACRO, 0, 0.3))
        until(lambda: parameters[0] < start[0] - 0.01, said)
        np.testing.assert_array_equal(parameters[1:3], start[1:])
        (send,) = setup.session.sends
        assert setup.parameters[0].name == send.parameter
        assert PatchPrograms(engine, setup.patches).load(0) == setup.sound
        until(lambda: np.allclose(parameters[:3], start), said)
    finally:
        engine.stop()
        engine.close()
    assert_nothing_left()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bank": None}, "instrument.bank must be presets of amsynth for its macros to move from, got none"),
        ({"instrument": "Diva"}, "instrument.bank must hold presets of Diva, got 1 of others in"),
        (
            {"more": '[[send]]\nparameter = "cutoff"\ncc = 75\n'},
            r"send\[0\].parameter must be .* got 'cutoff'",
        ),
        ({"more": 'patch = "Nobody"\n'}, r"instrument.patch must be .* got 'Nobody'"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(tmp_path: Path, given: dict[str, str], said: str) -> None:
    path = session_of(tmp_path, **given)  # type: ignore[arg-type]
    with pytest.raises(SessionError, match=said):
        ready(path)
