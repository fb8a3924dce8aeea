"""A plugin in its own process, seen from the main process: started, watched, and started again."""

import dataclasses
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.config import StageSource
from tsumami.engine.errors import PluginError
from tsumami.plugins.hosted.checkpoints import Checkpoints
from tsumami.plugins.hosted.host_process import HostProcess
from tsumami.plugins.hosted.memory import HostedMemory
from tsumami.plugins.hosted.messages import (
    Checkpoint,
    Failed,
    HostConfig,
    Loaded,
    LoadState,
    PluginFacts,
    Refused,
    Sound,
)
from tsumami.plugins.hosted.settings import INSTRUMENT, HostedSettings
from tsumami.plugins.vst3.parameters import ParameterTable

_LOAD_SECONDS = 60.0
"""Large plugins scan their own folders when they load."""
_LOOK_SECONDS = 0.02
_HANG_SECONDS = 0.3
_LOADING_SECONDS = 30.0
_CRASHES, _CRASH_WINDOW_SECONDS = 3, 60.0


@dataclasses.dataclass(frozen=True, slots=True)
class PluginSource:
    """Which plugin to host and as what: a VST3 file, the name of one of several in it, a first sound.

    ``place`` is its number among the effects, or `INSTRUMENT`.
    """

    path: Path
    plugin_name: str | None = None
    sound: Sound | None = None
    place: int = INSTRUMENT
    is_bypassed: bool = False


class PluginClient:
    """One plugin: its process, the shared memory to it, and a thread that watches over both.

    When the process dies, hangs or answers with what is no sound, it is replaced within a second by one
    kept in reserve, with the last trusted state; held notes end with it. The third time within a minute
    the plugin stays off. ``report`` hears of everything, from the watching thread. ``patience_seconds``
    is 0 on stage; offline it is how long a block may take before the plugin counts as hung.
    """

    def __init__(
        self,
        source: PluginSource,
        sample_rate: float,
        block_size: int,
        report: Callable[[str], None],
        *,
        patience_seconds: float = 0.0,
    ) -> None:
        self.source = source
        self._patience_seconds = patience_seconds
        self.memory = HostedMemory.create()
        self._context: Any = multiprocessing.get_context("spawn")
        self._bell = self._context.Semaphore(0)
        self._report = report
        self._config = HostConfig(
            memory_name=self.memory.name,
            path=str(source.path),
            plugin_name=source.plugin_name,
            is_effect=source.place != INSTRUMENT,
            sample_rate=sample_rate,
            block_size=block_size,
            sound=source.sound,
            is_live=not patience_seconds,
        )
        self._checkpoints = Checkpoints(time.monotonic)
        self._crashes: deque[float] = deque()
        self._process: HostProcess | None = None
        self._reserve: HostProcess | None = None
        self._lock = threading.Lock()
        self._loads_sent = 0
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="plugin-watch", daemon=True)
        self.restart_count = 0
        self.off_reason = ""
        """Why the plugin stays off; empty while it does not."""

    def launch(self) -> None:
        """Start the process and return at once; `wait_ready` waits for the plugin."""
        self._process = HostProcess(self._context, self._bell)
        self._process.send(self._config)

    def wait_ready(self) -> PluginFacts:
        """Wait until the plugin is loaded. `PluginError` says in one sentence why it cannot be."""
        assert self._process is not None, "launch() first"
        answer = self._process.hear(_LOAD_SECONDS)
        if not isinstance(answer, Loaded):
            raise PluginError(self._why_not_loaded(answer))
        self.facts = answer.facts
        self.parameters = ParameterTable(answer.facts.parameters)
        self._checkpoints.start(answer.state)
        self.memory.meters["heartbeat_ns"] = time.perf_counter_ns()
        self.memory.meters["is_up"] = 1
        self._watcher.start()
        return self.facts

    def stage(self) -> StageSource:
        """What the engine process makes its stage from; only after `wait_ready`."""
        settings = HostedSettings(
            memory_name=self.memory.name,
            bell=self._bell,
            name=self.facts.name,
            place=self.source.place,
            latency_samples=self.facts.latency_samples,
            parameters=self.parameters.engine_parameters(),
            patience_seconds=self._patience_seconds,
            is_bypassed=self.source.is_bypassed,
        )
        return StageSource("tsumami.plugins.hosted.stage:HostedPlugin", (settings,))

    def load(self, sound: Sound) -> None:
        """Let the plugin take a preset or state; the rest of the strip plays on meanwhile.

        When it does not take it, ``report`` hears why and the plugin plays on as it was.
        """
        with self._lock:
            if self._process is not None:
                self._loads_sent += 1
                self._process.send(sound)

    @property
    def is_loading(self) -> bool:
        """Whether the plugin has neither taken nor refused yet what it was told to load."""
        return int(self.memory.meters["loads"]) < self._loads_sent and not self.off_reason

    def wait_loaded(self) -> None:
        """Wait until the plugin has taken or refused what it was told to load, or stays off."""
        while self.is_loading:
            time.sleep(_LOOK_SECONDS)

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """Present positions of all parameters, float32 ``[parameters]``."""
        present: npt.NDArray[np.float32] = self.memory.meters["values"][: len(self.parameters)]
        return present.copy()

    @property
    def state(self) -> bytes:
        """The last trusted state."""
        return self._checkpoints.trusted or b""

    @property
    def process_id(self) -> int | None:
        """Process that hosts the plugin; None while it stays off."""
        with self._lock:
            return None if self._process is None else self._process.pid

    def counts(self) -> dict[str, int | str]:
        """What went wrong so far, by name: for the view and the summary."""
        meters = self.memory.meters
        return {
            "plugin": self.facts.name,
            "late": int(meters["late"]),
            "refused": int(meters["refused"]),
            "restarts": self.restart_count,
            "skipped": int(meters["skipped"]),
            "lost_events": int(meters["lost_events"]),
            "off": self.off_reason,
        }

    def close(self) -> None:
        """End the processes and remove the shared memory."""
        self._closing.set()
        if self._watcher.is_alive():
            self._watcher.join()
        for process in (self._process, self._reserve):
            if process is not None:
                process.end()
        self.memory.close()

    def _watch(self) -> None:
        """Until closed: hear the process, look after it. [watching thread]"""
        self._reserve = HostProcess(self._context, self._bell)
        while not self._closing.is_set() and self._process is not None:
            self._process.wait(_LOOK_SECONDS)
            failure = ""
            while (message := self._process.hear_now()) is not None:
                if isinstance(message, Checkpoint):
                    self._checkpoints.keep(message.state)
                elif isinstance(message, Refused):
                    self._report(f"{self.facts.name}: {message.text}")
                elif isinstance(message, Failed):
                    failure = f"raised an error ({message.text})"
            trouble = failure or self._trouble()
            if trouble and not self._closing.is_set():
                self._replace(trouble)

    def _trouble(self) -> str:
        """What is wrong with the process just now; empty when nothing is."""
        assert self._process is not None
        meters = self.memory.meters
        if int(meters["refused_generation"]) >= self._config.generation:
            return "made a sound that is none (not finite, or over +24 dBFS)"
        silent_seconds = (time.perf_counter_ns() - int(meters["heartbeat_ns"])) * 1e-9
        limit = _LOADING_SECONDS if meters["is_loading"] else self._patience_seconds or _HANG_SECONDS
        if not self._process.is_alive():
            return self._process.death()
        if silent_seconds > limit:
            return f"hung for {silent_seconds:.2g} s"
        return ""

    def _replace(self, trouble: str) -> None:
        """End the process and let the one in reserve go on with the last trusted state."""
        assert self._process is not None
        began = time.monotonic()
        self.memory.meters["is_up"] = 0
        self._process.kill()
        self._crashes.append(began)
        while began - self._crashes[0] > _CRASH_WINDOW_SECONDS:
            self._crashes.popleft()
        if len(self._crashes) >= _CRASHES:
            self._stay_off(f"it {trouble}, {_CRASHES} times within {_CRASH_WINDOW_SECONDS:g} s now")
            return
        self._report(f"{self.facts.name} {trouble}; starting it again")
        self.memory.meters["loads"] = self._loads_sent  # what it was loading is not tried again
        state = self._checkpoints.trusted
        self._config = dataclasses.replace(
            self._config,
            generation=self._config.generation + 1,
            sound=self._config.sound if state is None else LoadState(state),
        )
        process = self._reserve or HostProcess(self._context, self._bell)
        self._reserve = None
        self.memory.meters["is_loading"] = 0
        self.memory.meters["heartbeat_ns"] = time.perf_counter_ns()
        process.send(self._config)
        answer = process.hear(_LOAD_SECONDS)
        with self._lock:
            self._process = process
        if not isinstance(answer, Loaded):
            self._stay_off(self._why_not_loaded(answer))
            return
        self._checkpoints.start(answer.state)
        self.restart_count += 1
        self.memory.meters["is_up"] = 1
        took = time.monotonic() - began
        self._report(f"{self.facts.name} plays again after {took:.2g} s, with its last saved state")
        self._reserve = HostProcess(self._context, self._bell)

    def _stay_off(self, reason: str) -> None:
        self.off_reason = reason
        self._report(f"{self.facts.name} stays off: {reason}")
        with self._lock:
            if self._process is not None:
                self._process.kill()
            self._process = None

    def _why_not_loaded(self, answer: Any) -> str:
        assert self._process is not None
        if isinstance(answer, Failed):
            return answer.text
        path = self.source.path
        if self._process.is_alive():
            self._process.kill()
            return f"plugin must load within {_LOAD_SECONDS:g} s, got {path}, which did not"
        return f"plugin must load without a crash, got {path}, which {self._process.death()}"
