"""The plugins of a session beside an engine that dies."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tsumami.bridge.session.overrides import overridden
from tsumami.bridge.session.rack import Rack
from tsumami.bridge.session.session import load_session
from tsumami.bridge.session.setup import set_up
from tsumami.engine import EngineClient, Kind, PluginError, SessionError, event

pytestmark = pytest.mark.usefixtures("nothing_left")
_DEADLINE_SECONDS = 60.0


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_plugin_outlives_the_engine_and_keeps_its_parameters(instrument_plugin: Path) -> None:
    session = overridden(
        load_session(None),
        instrument={"kind": "plugin", "path": str(instrument_plugin)},
        device={"name": "null"},
    )
    said: list[str] = []
    rack = Rack(session, said.append)
    try:
        setup = set_up(session, rack=rack)
        plugin = rack.instrument
        assert plugin is not None
        meters, process = plugin.memory.meters, plugin.process_id
        cutoff = plugin.parameters.find("Cutoff")
        client = EngineClient(setup.config, lambda message: said.append(message.text))
        try:
            client.launch()
            client.wait_ready()
            assert client.move(event(Kind.PARAMETER, cutoff, 0.25))
            _until(lambda: meters["values"][cutoff] == np.float32(0.25))
            os.kill(client._process.pid, signal.SIGKILL)
            _until(lambda: client.watch() is None and client.restart_count == 1)
            blocks = int(meters["blocks"])
            _until(lambda: int(meters["blocks"]) > blocks + 10)
            assert plugin.process_id == process
            assert meters["values"][cutoff] == np.float32(0.25)
            assert plugin.counts()["restarts"] == 0
        finally:
            client.close()
    finally:
        rack.close()


def test_effects_of_one_name_are_refused_before_any_is_loaded(effect_plugin: Path, tmp_path: Path) -> None:
    path = tmp_path / "session.toml"
    path.write_text(f'[[effects]]\npath = "{effect_plugin}"\n' * 2)
    with pytest.raises(SessionError, match=r"effects\[1\].name must be unlike those before it, got 'Tsumami"):
        Rack(load_session(path), print)


def test_one_plugin_that_cannot_be_loaded_ends_those_that_could(
    instrument_plugin: Path, effect_plugin: Path, tmp_path: Path
) -> None:
    path = tmp_path / "session.toml"
    path.write_text(f'[[effects]]\npath = "{effect_plugin}"\n[[effects]]\npath = "{instrument_plugin}"\n')
    with pytest.raises(PluginError, match=r"plugin must be an effect, got .*which is an instrument"):
        Rack(load_session(path), print)
