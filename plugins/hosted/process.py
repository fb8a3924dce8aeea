"""The process of one plugin: loads it, answers for it, saves its state. `PluginClient` starts it."""

import contextlib
import faulthandler
import gc
import os
import queue
import signal
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tsumami.engine.doorbell import Doorbell
from tsumami.engine.errors import ParameterError, PluginError, TsumamiError
from tsumami.plugins.hosted.memory import HostedMemory
from tsumami.plugins.hosted.messages import (
    Checkpoint,
    Failed,
    HostConfig,
    Loaded,
    LoadPositions,
    LoadState,
    PluginFacts,
    Refused,
    Sound,
)
from tsumami.plugins.hosted.player import BlockPlayer, load_kernels
from tsumami.plugins.hosted.priority import real_time, unhurried
from tsumami.plugins.presets import check_synth
from tsumami.plugins.vst3.plugin import Plugin

_IDLE_SECONDS = 0.05
_WATCHDOG_SECONDS = 90.0
"""Longer than the supervisor waits for anything: it acts when the supervisor is gone too."""
_CHECKPOINT_SECONDS = 1.0
_SLOW_CHECKPOINT_SECONDS = 10.0


def run_plugin(bell: Doorbell, connection: Connection) -> None:
    """Entry point of the process: waits to be told which plugin to host, then hosts it until told to stop.

    Everything that takes time is imported and compiled by then, so that a process kept in reserve only has
    to load the plugin.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides
    sys.setswitchinterval(0.0005)
    load_kernels()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the main process is gone
        config = connection.recv()
        if isinstance(config, HostConfig):
            _Host(config, connection).serve(bell)


class _Outbox(threading.Thread):
    """Sends messages to the supervisor from a thread of its own: a full pipe would hold up the sound."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(name="outbox", daemon=True)
        self._connection = connection
        self._messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.send = self._messages.put

    def run(self) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, OSError):
            while (message := self._messages.get()) is not None:
                self._connection.send(message)

    def finish(self) -> None:
        """Send what is left, and end."""
        self._messages.put(None)
        self.join(timeout=1.0)


class _Watchdog:
    """Ends this process when a plugin hangs and nobody is left to see it; the thread that does is in C."""

    def __init__(self) -> None:
        self._fed_at = -_WATCHDOG_SECONDS
        self._nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process

    def feed(self, now: float) -> None:
        """Start its time anew."""
        if now - self._fed_at > _WATCHDOG_SECONDS / 10:
            self._fed_at = now
            faulthandler.dump_traceback_later(_WATCHDOG_SECONDS, exit=True, file=self._nowhere)


class _Host:
    """A loaded plugin, its rings and its supervisor."""

    def __init__(self, config: HostConfig, connection: Connection) -> None:
        self._config, self._connection = config, connection
        self._outbox = _Outbox(connection)
        self._outbox.start()
        self._saved_at = time.monotonic()
        self._is_slow_to_save = False

    def serve(self, bell: Doorbell) -> None:
        """Load, then answer until told to stop; whatever goes wrong is told."""
        memory = HostedMemory.attach(self._config.memory_name)
        try:
            plugin = _load(self._config)
            player = BlockPlayer(plugin, memory, self._config)
            player.warm_up()
            player.publish_values()
            self._outbox.send(Loaded(_facts(plugin), plugin.state))
            player.has_edits = False
            gc.collect()
            gc.disable()  # what a block leaves behind is counted by reference; a sweep would make it late
            with real_time() if self._config.is_live else contextlib.nullcontext():
                self._answer(bell, plugin, player, memory)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            pass  # the main process is gone
        except Exception as error:
            # Whatever it was, the supervisor should hear of it; a mistake of ours is shown whole.
            if not isinstance(error, TsumamiError):
                traceback.print_exc()
            self._outbox.send(Failed(str(error) or type(error).__name__))
        finally:
            self._outbox.finish()

    def _answer(self, bell: Doorbell, plugin: Plugin, player: BlockPlayer, memory: HostedMemory) -> None:
        looked_at = 0.0
        watchdog = _Watchdog()
        while True:
            if bell.acquire(timeout=_IDLE_SECONDS):
                player.answer_waiting()
            now = time.monotonic()
            memory.meters["heartbeat_ns"] = time.perf_counter_ns()
            if player.has_edits and self._is_due(now, player):
                player.has_edits = False
                self._save(plugin)
            if now - looked_at > _IDLE_SECONDS:
                looked_at = now
                watchdog.feed(now)
                while self._connection.poll():
                    message = self._connection.recv()
                    if message is None:
                        return
                    self._load(message, plugin, player, memory)

    def _is_due(self, now: float, player: BlockPlayer) -> bool:
        """Whether to save now: every second, but a state that takes long waits for a quiet moment."""
        waited = now - self._saved_at
        if self._is_slow_to_save and not player.is_quiet:
            return waited > _SLOW_CHECKPOINT_SECONDS
        return waited > _CHECKPOINT_SECONDS

    def _save(self, plugin: Plugin) -> None:
        began = time.monotonic()
        self._outbox.send(Checkpoint(plugin.state))
        self._saved_at = time.monotonic()
        block_seconds = self._config.block_size / self._config.sample_rate
        self._is_slow_to_save = self._saved_at - began > 0.5 * block_seconds

    def _load(self, sound: Sound, plugin: Plugin, player: BlockPlayer, memory: HostedMemory) -> None:
        """Take a state or preset between two blocks; the stage meanwhile fades out by itself."""
        memory.meters["is_loading"] = 1
        try:
            with unhurried() if self._config.is_live else contextlib.nullcontext():
                _load_sound(plugin, sound)
                player.publish_values()
                self._save(plugin)
        except PluginError as error:
            self._outbox.send(Refused(str(error)))
        finally:
            memory.meters["is_loading"] = 0
            memory.meters["loads"] += 1


def _load(config: HostConfig) -> Plugin:
    plugin = Plugin(Path(config.path), config.plugin_name)
    if plugin.is_instrument == config.is_effect:
        wanted, got = ("an effect", "an instrument") if config.is_effect else ("an instrument", "an effect")
        raise PluginError(f"plugin must be {wanted}, got {config.path}, which is {got}")
    if config.sound is not None:
        _load_sound(plugin, config.sound)
    return plugin


def _load_sound(plugin: Plugin, sound: Sound) -> None:
    if isinstance(sound, LoadState):
        plugin.state = sound.state
    elif isinstance(sound, LoadPositions):
        # All names are looked up before the first is moved: a preset is taken whole or not at all.
        rows = _rows(plugin, sound)
        for row, position in rows:
            plugin.set_value(row, position)
    else:
        plugin.load_preset(Path(sound.path))


def _rows(plugin: Plugin, sound: LoadPositions) -> list[tuple[int, float]]:
    try:
        check_synth(sound.preset, plugin.name)
        positions = sound.preset.positions
        return [(plugin.parameters.find(name), position) for name, position in positions.items()]
    except ParameterError as error:
        raise PluginError(str(error)) from error


def _facts(plugin: Plugin) -> PluginFacts:
    return PluginFacts(
        plugin.name,
        plugin.vendor,
        plugin.version,
        plugin.latency_samples,
        plugin.parameters.rows,
        tuple(plugin.values().tolist()),
    )
