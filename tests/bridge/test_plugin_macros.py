"""Macros of a plugin by a model of some of its parameters: they move from the preset that was loaded last."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.bridge.plugin_presets import save_preset
from tests.engine.onnx_models import MACROS, macros_model
from tests.leftovers import assert_nothing_left
from tests.waiting import until
from tsumami.bridge.macros.teaching import Teaching
from tsumami.bridge.render.render import Take, render_performance
from tsumami.bridge.session.programs import MacroPresets, PresetPrograms
from tsumami.bridge.session.rack import Rack
from tsumami.bridge.session.session import load_session
from tsumami.bridge.session.setup import Setup, set_up
from tsumami.engine import EngineClient, ParameterError
from tsumami.engine.events import Kind, event
from tsumami.engine.inference.contract import ModelParameter
from tsumami.engine.macros import Knob
from tsumami.plugins.hosted.client import PluginClient

_RATE = 48000

TABLE = (ModelParameter("Cutoff"), ModelParameter("Wave", ("a", "b", "c")), ModelParameter("Decay"))
"""Of the plugin's many parameters; its own words for the steps are others."""


@pytest.fixture
def session(tmp_path: Path, instrument_plugin: Path) -> Path:
    """A session of the plugin with two presets and a model of three of its parameters."""
    (tmp_path / "model.onnx").write_bytes(macros_model(dataclasses.replace(MACROS, parameters=TABLE)))
    bank = tmp_path / "bank"
    bank.mkdir()
    save_preset(bank / "1.vstpreset", instrument_plugin, {"Cutoff": 0.5, "Decay": 0.5, "Pan": 0.5})
    save_preset(bank / "2.vstpreset", instrument_plugin, {"Cutoff": 0.25, "Decay": 0.75, "Pan": 0.125})
    path = tmp_path / "session.toml"
    path.write_text(
        f'[device]\nname = "null"\n[macros]\nmodel = "model.onnx"\n[instrument]\nkind = "plugin"\n'
        f'path = "{instrument_plugin}"\nbank = "bank"\n'
    )
    return path


@contextlib.contextmanager
def ready(path: Path, patience_seconds: float) -> Iterator[tuple[Setup, PluginClient]]:
    rack = Rack(load_session(path), print, patience_seconds=patience_seconds)
    try:
        assert rack.instrument is not None
        yield set_up(load_session(path), path, rack=rack), rack.instrument
    finally:
        rack.close()


def value(plugin: PluginClient, name: str) -> float:
    return float(plugin.values[plugin.parameters.find(name)])


def cutoff_of(preset: float, reference: float, position: float) -> float:
    """Where the knob "bright" puts the parameter: cutoff = latent / 4 + 1 with the first wave."""
    knob = Knob(-2.5, 2.5)
    knob.turn(reference)
    knob.load((preset - 1.0) * 4.0)
    knob.turn(position)
    return knob.target / 4.0 + 1.0


def test_offline_a_macro_moves_from_the_preset_of_a_program_change(session: Path) -> None:
    with ready(session, 30.0) as (setup, plugin):
        assert setup.macros == ("bright", "long")
        events = [
            event(Kind.MACRO, 0, 0.5, time=0),
            event(Kind.PATCH, 1, time=4800),
            event(Kind.MACRO, 0, 0.6, time=9600),
        ]
        take = Take(np.concatenate(events), 24000)
        for _ in render_performance(setup, take, PresetPrograms(plugin, setup.presets, waits=True)):
            pass
        assert value(plugin, "Pan") == pytest.approx(0.125)
        assert value(plugin, "Decay") == pytest.approx(0.75), "the model's other latent has not moved"
        assert value(plugin, "Cutoff") == pytest.approx(cutoff_of(0.25, 0.5, 0.6), abs=1e-4)
    assert_nothing_left()


def test_live_macros_wait_for_the_preset_and_move_from_it(session: Path) -> None:
    said: list[str] = []
    with ready(session, 0.0) as (setup, plugin):
        engine = EngineClient(setup.config, lambda message: said.append(message.text))
        try:
            engine.launch()
            engine.wait_ready()
            presets = MacroPresets(plugin, setup.presets, engine)
            engine.move(event(Kind.MACRO, 0, 0.5))
            assert presets.load(1) == "2"
            engine.move(event(Kind.MACRO, 0, 0.6))
            until(lambda: not plugin.is_loading, said)
            assert value(plugin, "Cutoff") == pytest.approx(0.25), "the knob has waited"
            presets.follow()
            engine.move(event(Kind.MACRO, 0, 0.7))
            # The knob stood at 0.6 when the preset was taken.
            arrived = pytest.approx(cutoff_of(0.25, 0.6, 0.7), abs=1e-4)
            until(lambda: value(plugin, "Cutoff") == arrived, said)
            assert value(plugin, "Decay") == pytest.approx(0.75)
            assert value(plugin, "Pan") == pytest.approx(0.125)
            assert presets.load(7) is None
            presets.follow()
            before = value(plugin, "Cutoff")
            engine.move(event(Kind.MACRO, 0, 0.9))
            until(lambda: value(plugin, "Cutoff") > before, said)
        finally:
            engine.stop()
            engine.close()
    assert_nothing_left()


def test_presets_that_keep_their_state_to_themselves_teach_nothing(session: Path) -> None:
    teaching = Teaching(session)
    assert teaching.names == ("bright", "long")
    with pytest.raises(ParameterError, match=r"got '2' of .*, which says nothing of 'Cutoff'"):
        teaching.teach("bright", ["2"], ["1"])
