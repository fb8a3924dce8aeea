"""The engine process: the strip on a device, and the inference threads. `EngineClient` starts it."""

import contextlib
import signal
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from tsumami.engine.config import EngineConfig, MacroLabel, Message
from tsumami.engine.device import Device, NullDevice, open_device, rescan_devices
from tsumami.engine.errors import DeviceError, TsumamiError
from tsumami.engine.instrument import create_instrument
from tsumami.engine.macro_thread import Doorbell, MacroThread
from tsumami.engine.shared import SessionMemory
from tsumami.engine.strip import Strip
from tsumami.engine.strip_settings import DeviceRequest

_POLL_SECONDS = 0.05
_STALL_SECONDS = 1.0
"""A device that has not called for this long is lost."""
_RETRY_SECONDS = 2.0


def run_engine(config: EngineConfig, doorbell: Doorbell, connection: Connection) -> None:
    """Entry point of the process: until told to stop, or until the main process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides
    # A short slice: the inference thread should not wait 5 ms for another Python thread.
    sys.setswitchinterval(0.0005)
    memory = SessionMemory.attach(config.memory_name)
    try:
        engine = _Engine(config, memory, doorbell)
    except TsumamiError as error:
        connection.send(Message("failed", str(error)))
        memory.close()
        return
    try:
        connection.send(engine.describe("ready", "playing"))
        engine.serve(connection)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the main process died: end quietly
    finally:
        engine.close()
        memory.close()


class _Engine:
    """The parts of a running engine process, and the watch over its device."""

    def __init__(self, config: EngineConfig, memory: SessionMemory, doorbell: Doorbell) -> None:
        self._config, self._memory = config, memory
        instrument = create_instrument(config.instrument)
        values = np.array(config.values, np.float32)
        self._strip = Strip(
            instrument,
            config.settings,
            control=memory.control,
            applied=memory.applied,
            recording=memory.recording if config.recording else None,
            meters=memory.meters,
            first_sample=config.first_sample,
        )
        instrument.set_parameters(values)
        memory.meters["parameters"][: len(values)] = values
        self._strip.warm_up()
        self._provider = ""
        self._labels: tuple[MacroLabel, ...] = ()
        self._macros: MacroThread | None = None
        if config.macro_model is not None:
            # Here, so that an engine without models does without ONNX Runtime.
            from tsumami.engine.macro_loading import load_macros

            loaded = load_macros(config.macro_model, config.provider, instrument.parameters)
            loaded.processor.load(values)
            self._provider, self._labels = loaded.provider, loaded.labels
            self._macros = MacroThread(
                loaded.processor, memory.macro, self._strip.parameters, memory.meters, doorbell
            )
            self._macros.start()
        self._device: Device = open_device(self._strip, config.device)
        self._wanted_device = self._device.name
        self._blocks_seen, self._advanced_at = -1, time.monotonic()
        self._retry_at = 0.0

    def describe(self, kind: str, text: str) -> Message:
        """A message with the present device."""
        latency = self._strip.latency_samples / self._config.settings.sample_rate
        return Message(
            kind,
            text,
            self._device.name,
            self._device.latency_seconds + latency,
            self._provider,
            self._labels,
        )

    def serve(self, connection: Connection) -> None:
        """Watch the device and wait for the word to stop."""
        while not connection.poll(_POLL_SECONDS):
            self._memory.meters["heartbeat_ns"] = time.perf_counter_ns()
            if self._device.name == self._wanted_device:
                if self._is_lost():
                    self._play_on_without(connection)
            elif time.monotonic() >= self._retry_at:
                self._try_to_return(connection)
        connection.recv()

    def close(self) -> None:
        """Stop the device first, then the threads that feed it."""
        self._device.close()
        if self._macros is not None:
            self._macros.stop()

    def _is_lost(self) -> bool:
        blocks, now = self._memory.meters["blocks"], time.monotonic()
        if blocks != self._blocks_seen:
            self._blocks_seen, self._advanced_at = blocks, now
        return not self._device.is_active() or now - self._advanced_at > _STALL_SECONDS

    def _play_on_without(self, connection: Connection) -> None:
        """The device is gone: drive the strip by the clock, so that nothing stops but the speakers."""
        self._memory.meters["device_losses"] += 1
        self._device.close()
        self._device = NullDevice(self._strip)
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        connection.send(
            self.describe("lost", f"{self._wanted_device} is gone; playing on and looking for it")
        )

    def _try_to_return(self, connection: Connection) -> None:
        """Look for the lost device; the clock pauses for the moment that the search takes."""
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        name, _, _ = self._wanted_device.rpartition(" (")
        request = DeviceRequest(name, self._config.device.api)
        with contextlib.suppress(DeviceError):
            rescan_devices()
            self._device.close()
            try:
                device: Any = open_device(self._strip, request)
            except DeviceError:
                self._device = NullDevice(self._strip)
                raise
            self._device = device
            self._blocks_seen, self._advanced_at = -1, time.monotonic()
            connection.send(self.describe("found", f"{device.name} is back"))
