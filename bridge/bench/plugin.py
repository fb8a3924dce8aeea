"""`tsumami bench plugin`: a VST3 instrument in its own process, live, beside a compiled pass-through."""

import contextlib
import dataclasses
import functools
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import platformdirs

from tsumami.bridge.bench.blocks import Playing, load_rows, measure_blocks
from tsumami.bridge.bench.report import Report, Row
from tsumami.bridge.session.overrides import overridden
from tsumami.bridge.session.rack import Rack
from tsumami.bridge.session.session import load_session
from tsumami.bridge.session.setup import Setup, set_up
from tsumami.engine import DeviceRequest, EngineClient, Kind, Strip, event
from tsumami.engine.errors import PluginError
from tsumami.engine.instrument import create_instrument
from tsumami.plugins.hosted.client import PluginClient

_SECONDS = 60.0
_BLOCK_SIZES = (128, 64)
_PATIENCE_SECONDS = 10.0
_SHORTEST_BLOCK = 16
_REST_SECONDS = 4.0
_BACK_SECONDS = 60.0
_POLL_SECONDS = 0.002
_NOTE, _SILENCE = 60, 1e-5


def run(
    plugin: Path | None = None, seconds: float = _SECONDS, block_sizes: Sequence[int] = _BLOCK_SIZES
) -> Report:
    """Missed and late blocks per block size, the plugin's load, and what the other process adds in delay."""
    path = plugin or _plugin_of_the_tests()
    rows: list[Row] = []
    notes = [
        "Late blocks were not answered in time by the plugin's process and were replaced by its held sound. "
        "Lost periods are those of `tsumami bench live`, here too beside a C client on the same server; a "
        "busy Python thread ran in the main process and in the engine process.",
        f"The delay is from a note to its sound, less what it is beyond one block at {_SHORTEST_BLOCK} "
        "frames: that is the plugin's own.",
    ]
    for block_size in block_sizes:
        with _loaded(path, block_size) as (setup, client, said):
            play = functools.partial(_play, setup=setup, plugin=client)
            measured, realtime = measure_blocks(block_size, seconds, play)
            rows += measured
            load = np.array(client.memory.meters["load"])
            rows += load_rows("time in the plugin's process", load, block_size)
        notes += said
        notes.append(
            f"{client.facts.name} {client.facts.version}, {block_size} frames: {seconds:g} s with 8 voices, "
            f"JACK's threads {'with' if realtime else 'without'} real-time priority."
        )
    rows += _restart_rows(path, block_sizes[0])
    own = _delay(path, _SHORTEST_BLOCK) - _SHORTEST_BLOCK
    rows += [
        Row(
            f"{size} frames: delay by the way to its process",
            _delay(path, size) - own,
            "samples",
            "one block",
            size,
        )
        for size in block_sizes
    ]
    return Report("plugin", rows, notes)


@contextlib.contextmanager
def _loaded(
    path: Path, block_size: int, *, patience_seconds: float = 0.0
) -> Iterator[tuple[Setup, PluginClient, list[str]]]:
    """The plugin in its process, and what its supervisor says."""
    session = overridden(
        load_session(None),
        instrument={"kind": "plugin", "path": str(path)},
        device={"block_size": block_size},
    )
    said: list[str] = []
    rack = Rack(session, said.append, patience_seconds=patience_seconds)
    try:
        assert rack.instrument is not None
        yield set_up(session, rack=rack), rack.instrument, said
    finally:
        rack.close()


@contextlib.contextmanager
def _play(device: DeviceRequest, setup: Setup, plugin: PluginClient) -> Iterator[Playing]:
    """The engine with the plugin as its instrument, and a busy Python thread in the engine process."""
    client = EngineClient(dataclasses.replace(setup.config, device=device, stress=True), lambda _: None)

    def counts() -> dict[str, int]:
        meters = plugin.memory.meters
        return {
            "late blocks of the plugin": int(meters["late"]),
            "blocks the plugin passed over": int(meters["skipped"]),
            "restarts of the plugin": plugin.restart_count,
        }

    try:
        client.launch()
        client.wait_ready()
        yield Playing(client, counts)
    finally:
        client.close()


def _restart_rows(path: Path, block_size: int) -> list[Row]:
    """How long the plugin is away when its process is killed, and when it is stopped, which is a hang."""
    rows = []
    with _loaded(path, block_size) as (setup, plugin, _), _play(DeviceRequest("null"), setup, plugin):
        for what, number in (("killed", signal.SIGKILL), ("stopped", signal.SIGSTOP)):
            time.sleep(_REST_SECONDS)  # the process in reserve is ready by then
            seconds = _seconds_away(plugin, number)
            rows.append(Row(f"{what}: until it plays again", seconds, "s", "wanted", 1.0, 1.0 / seconds))
    return rows


def _seconds_away(plugin: PluginClient, number: int) -> float:
    """Time from a signal to the plugin's process until a process of this plugin answers again."""
    meters = plugin.memory.meters
    restarts, process = plugin.restart_count, plugin.process_id
    assert process is not None
    began = time.perf_counter()
    os.kill(process, number)
    _wait(lambda: plugin.restart_count != restarts)
    blocks = int(meters["blocks"])
    _wait(lambda: int(meters["blocks"]) != blocks)
    return time.perf_counter() - began


def _wait(condition: Callable[[], bool]) -> None:
    """Raises `PluginError` when it does not come true: a plugin that fails again and again is given up."""
    deadline = time.monotonic() + _BACK_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise PluginError(f"plugin must come back within {_BACK_SECONDS:g} s of its end, got nothing")
        time.sleep(_POLL_SECONDS)


def _delay(path: Path, block_size: int) -> int:
    """Samples from a note to its sound, offline, where no block is missed."""
    with _loaded(path, block_size, patience_seconds=_PATIENCE_SECONDS) as (setup, _, _):
        strip = Strip(create_instrument(setup.config.instrument), setup.config.settings)
        sound = strip.run(4096, event(Kind.NOTE_ON, _NOTE, 1.0, time=0))
    return int(np.argmax(np.abs(sound).max(axis=1) > _SILENCE))


def _plugin_of_the_tests() -> Path:
    cache = platformdirs.user_cache_path("tsumami-tests")
    built = sorted(cache.glob("vst3-*/TsumamiFixture.vst3"), key=lambda path: path.stat().st_mtime)
    if not built:
        raise PluginError(
            "plugin must be given (--plugin PATH) until `make test` has built that of the tests, got none"
        )
    return built[-1]
