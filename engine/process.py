"""The engine process: the strip on a device, and the inference threads. `EngineClient` starts it."""

import os
import signal
import threading
import time
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import numpy as np

from tsumami.engine.config import EngineConfig, MacroLabel, Message
from tsumami.engine.devices.device import Device, open_device
from tsumami.engine.doorbell import Doorbell
from tsumami.engine.errors import EngineError, TsumamiError
from tsumami.engine.instrument import create_effect, create_instrument
from tsumami.engine.macros.thread import MacroThread
from tsumami.engine.meter_block import MeterBlock
from tsumami.engine.priority import take_short_turns
from tsumami.engine.shared import SessionMemory
from tsumami.engine.strip.strip import Strip

if TYPE_CHECKING:
    from tsumami.engine.loops.loop_thread import LoopThread
    from tsumami.engine.restoration.repair_thread import RepairThread

_POLL_SECONDS = 0.05
_STALL_SECONDS = 1.0
"""A device that has not called for this long is lost."""


def run_engine(config: EngineConfig, doorbell: Doorbell, connection: Connection) -> None:
    """Entry point of the process: until told to stop, or until the main process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides
    take_short_turns()
    if config.stress:
        threading.Thread(target=spin, name="stress", daemon=True).start()
    memory = SessionMemory.attach(config.memory_name)
    try:
        engine = _Engine(config, memory, doorbell)
    except Exception as error:
        # Whatever it was, the main process should hear of it; a mistake of ours is shown whole.
        if not isinstance(error, TsumamiError):
            traceback.print_exc()
            error = EngineError(f"the engine could not start: {type(error).__name__}: {error}")
        connection.send(Message("failed", str(error)))
        memory.close()
        return
    try:
        connection.send(engine.describe("ready", "playing"))
        engine.serve(connection)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the main process died: end quietly
    finally:
        if engine.has_lost_device:
            # Closing a stream of a dead server waits for ever under JACK, in this thread or at exit.
            os._exit(0)
        engine.close()
        memory.close()


def spin() -> None:
    """Hold the GIL as much as Python lets one thread: the load of the benchmarks."""
    while True:
        pass


class _Engine:
    """The parts of a running engine process, and the watch over its device."""

    def __init__(self, config: EngineConfig, memory: SessionMemory, doorbell: Doorbell) -> None:
        self._config, self._memory = config, memory
        instrument = create_instrument(config.instrument)
        values = np.array(config.values, np.float32)
        self._strip = Strip(
            instrument,
            config.settings,
            effects=[create_effect(source) for source in config.effects],
            input_stages=[create_effect(source) for source in config.input_stages],
            input_ring=memory.input,
            control=memory.control,
            applied=memory.applied,
            recording=memory.recording if config.recording else None,
            scope=memory.scope if config.scope else None,
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
            from tsumami.engine.macros.loading import load_macros

            loaded = load_macros(
                config.macro_model, config.provider, instrument.parameters, config.macro_axes
            )
            loaded.processor.load(values)
            self._provider, self._labels = loaded.provider, loaded.labels
            self._macros = MacroThread(
                loaded.processor, memory.macro, self._strip.parameters, memory.meters, doorbell
            )
            self._macros.start()
        self._repairs = _start_repairs(self._strip, memory.meters)
        self._loops = _start_loops(self._strip, memory.meters)
        self._device: Device = open_device(self._strip, config.device)
        self.has_lost_device = False
        self._blocks_seen, self._advanced_at = -1, time.monotonic()

    def describe(self, kind: str, text: str) -> Message:
        """A message with the present device."""
        strip, device, settings = self._strip, self._device, self._config.settings
        # PortAudio leaves out the block that is filled before the callback has it.
        through = (strip.input_latency_samples + settings.block_size) / settings.sample_rate
        return Message(
            kind,
            text,
            device.name,
            device.latency_seconds + strip.latency_samples / settings.sample_rate,
            self._provider,
            self._labels,
            device.input_name,
            device.input_latency_seconds + through + device.latency_seconds if device.input_name else 0.0,
        )

    def serve(self, connection: Connection) -> None:
        """Watch the device until told to stop, or until it is lost."""
        while not connection.poll(_POLL_SECONDS):
            self._memory.meters["heartbeat_ns"] = time.perf_counter_ns()
            if self._is_lost():
                self._memory.meters["device_losses"] += 1
                self.has_lost_device = True
                connection.send(self.describe("lost", f"{self._device.name} is gone"))
                return

    def close(self) -> None:
        """Stop the device first, then the threads that feed it."""
        self._device.close()
        if self._macros is not None:
            self._macros.stop()
        for repair in self._repairs:
            repair.stop()
        for loops in self._loops:
            loops.stop()

    def _is_lost(self) -> bool:
        blocks, now = self._memory.meters["blocks"], time.monotonic()
        if blocks != self._blocks_seen:
            self._blocks_seen, self._advanced_at = blocks, now
        return now - self._advanced_at > _STALL_SECONDS or not self._device.is_active()


def _start_repairs(strip: Strip, meters: MeterBlock) -> "list[RepairThread]":
    """A thread for each stage of the input that repairs it."""
    if not strip.input_stages:
        return []
    # Here, so that an engine without repair does without its kernels.
    from tsumami.engine.restoration.repair_stage import RepairStage
    from tsumami.engine.restoration.repair_thread import RepairThread

    threads = [RepairThread(stage, meters) for stage in strip.input_stages if isinstance(stage, RepairStage)]
    for thread in threads:
        thread.start()
    return threads


def _start_loops(strip: Strip, meters: MeterBlock) -> "list[LoopThread]":
    """A thread for each loop player among the effects, which makes its loops."""
    # Looked for by what it has, so that an engine without loops does without their kernels and ONNX Runtime.
    players = [stage for stage in strip.effects if hasattr(stage, "asked")]
    if not players:
        return []
    from tsumami.engine.loops.loop_thread import LoopThread
    from tsumami.engine.loops.player import LoopPlayer

    threads = [LoopThread(player, meters) for player in players if isinstance(player, LoopPlayer)]
    for thread in threads:
        thread.start()
    return threads
