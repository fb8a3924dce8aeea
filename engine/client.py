"""The main process's side of the engine: starts it, feeds its rings, restarts it when it dies."""

import contextlib
import dataclasses
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.config import EngineConfig, Message
from tsumami.engine.devices.search import DeviceSearch
from tsumami.engine.errors import EngineError
from tsumami.engine.events import KNOBS, Events, Kind, event
from tsumami.engine.patch_events import morph_end, patch_events, patch_to_come
from tsumami.engine.remembered import RememberedState
from tsumami.engine.shared import SessionMemory
from tsumami.engine.strip.settings import DeviceRequest

_START_SECONDS = 120.0
"""Long enough to compile every kernel on a slow machine."""
_STOP_SECONDS = 3.0
_HANG_SECONDS = 5.0
_RESTARTS, _RESTART_WINDOW_SECONDS = 3, 60.0


class EngineClient:
    """A running engine process and the shared memory to it.

    ``send`` and its kin may be called from any thread; ``watch`` from one, some ten times a second.
    When the process dies it is started again with the patch, the knobs and the gain as they were; held
    notes end with it. More than three deaths in a minute raise EngineError.
    """

    def __init__(self, config: EngineConfig, report: Callable[[Message], None]) -> None:
        self.memory = SessionMemory.create()
        self._config = dataclasses.replace(config, memory_name=self.memory.name)
        self._report = report
        self._context: Any = multiprocessing.get_context("spawn")
        self._lock = threading.Lock()
        self._doorbell = self._context.Semaphore(0)
        self._process: Any = None
        self._connection: Connection | None = None
        self._restarts: deque[float] = deque()
        self._remembered = RememberedState(np.array(config.values, np.float32))
        self._wanted_device = config.device
        self._search: DeviceSearch | None = None
        self._is_up = False
        self._heartbeat, self._heard_at = 0, time.monotonic()
        self.restart_count = 0

    def launch(self) -> None:
        """Start the process and return at once; `wait_ready` waits for its sound."""
        ours, theirs = self._context.Pipe()
        self._doorbell = self._context.Semaphore(0)
        self._process = self._context.Process(
            target=_run, args=(self._config, self._doorbell, theirs), name="tsumami-engine", daemon=True
        )
        self._process.start()
        theirs.close()
        self._connection = ours

    def wait_ready(self) -> Message:
        """Wait until the strip plays. EngineError says in one sentence why it cannot."""
        assert self._connection is not None, "launch() first"
        try:
            if not self._connection.poll(_START_SECONDS):
                raise EngineError(f"the engine did not start within {_START_SECONDS:g} s")
            message: Message = self._connection.recv()
        except (EOFError, ConnectionResetError):
            self._process.join(_STOP_SECONDS)
            raise EngineError(
                f"the engine process ended while starting (exit status {self._process.exitcode})"
            ) from None
        if message.kind == "failed":
            raise EngineError(message.text)
        self._heard_at = time.monotonic()
        self._is_up = True
        return message

    def send(self, events: Events) -> bool:
        """Hand events to the audio thread; False when the engine is down or its ring full: they are lost."""
        with self._lock:
            self._remembered.note(events)
            return self._is_up and self.memory.control.push(events)

    def move(self, events: Events) -> bool:
        """Hand MACRO or PARAMETER events to the inference thread, and macro moves to the log.

        Without a macro model they go to the audio thread. False when the ring is full. While the engine
        is down they are kept for its return.
        """
        with self._lock:
            self._remembered.note(events)
            if not self._is_up:
                return True
            moves = events[np.isin(events["kind"], KNOBS)]
            if self._config.macro_model is None:  # no thread that would take them out of the macro ring
                return self.memory.control.push(events)
            return self._push_macros(events) and self.memory.control.push(moves)

    def load_patch(self, values: npt.NDArray[np.float32]) -> bool:
        """Load a whole patch: it becomes the reference from which the macros move. As `move` otherwise."""
        with self._lock:
            self._remembered.load(values)
            if not self._is_up:
                return True
            if self._config.macro_model is None:
                return self.memory.control.push(patch_events(values)[1:])
            return self._push_macros(patch_events(values))

    def morph_between(self, first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> bool:
        """Take two patches for `morph` to go between; needs a macro model. As `move` otherwise."""
        with self._lock:
            self._remembered.morph_between(first, second)
            if not self._is_up:
                return True
            return all(
                self._push_macros(morph_end(end, values)) for end, values in enumerate((first, second))
            )

    def morph(self, share: float) -> bool:
        """Go to a share 0-1 of the way between them, through the latent. As `move` otherwise."""
        with self._lock:
            self._remembered.morph(share)
            return not self._is_up or self._push_macros(event(Kind.MORPH, value=share))

    def hold_macros(self) -> None:
        """Let the macros move nothing until `take_over`: the instrument takes a patch by itself."""
        with self._lock:
            if self._is_up and self._config.macro_model is not None:
                self._push_macros(patch_to_come())

    def take_over(self, values: npt.NDArray[np.float32]) -> bool:
        """Let the macros move from a patch that the instrument has taken by itself. As `move` otherwise."""
        with self._lock:
            self._remembered.load(values)
            if not self._is_up or self._config.macro_model is None:
                return True
            return self._push_macros(patch_events(values, is_there=True))

    def _push_macros(self, events: Events) -> bool:
        pushed = self.memory.macro.push(events)
        self._doorbell.release()
        return pushed

    def watch(self) -> None:
        """Report what the engine says, and bring it back when it has died."""
        with contextlib.suppress(EOFError, ConnectionResetError):
            while self._connection is not None and self._connection.poll():
                message: Message = self._connection.recv()
                self._report(message)
                if message.kind == "lost":
                    self._play_on_without(message.device)
                    return
        if self._is_hanging():
            self._process.kill()
            self._process.join()
        if self._search is not None and self._search.has_found():
            self._return_to_device()
        elif not self._process.is_alive():
            self._restart()

    def stop(self) -> None:
        """End the process; what it left in the rings can still be read."""
        if self._search is not None:
            self._search.close()
            self._search = None
        self._end_process()

    def _end_process(self) -> None:
        if self._process is not None:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError, OSError):
                if self._connection is not None:
                    self._connection.send("stop")
            self._process.join(_STOP_SECONDS)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
            if self._connection is not None:
                self._connection.close()
            self._process = None

    def close(self) -> None:
        """End the process if it still runs, and remove the shared memory."""
        self.stop()
        self.memory.close()

    def _is_hanging(self) -> bool:
        """Whether the process has not moved its heartbeat while this one watched for five seconds."""
        heartbeat, now = int(self.memory.meters["heartbeat_ns"]), time.monotonic()
        if heartbeat != self._heartbeat:
            self._heartbeat, self._heard_at = heartbeat, now
        return now - self._heard_at > _HANG_SECONDS

    def _play_on_without(self, lost: str) -> None:
        """The device is gone, and with it the process that had it: go on by the clock, and look for it."""
        self._process.join(_STOP_SECONDS)
        self._search = DeviceSearch(self._wanted_device, lost, self._config.settings.input_device)
        self._config = dataclasses.replace(self._config, device=DeviceRequest("null"))
        self._relaunch()

    def _return_to_device(self) -> None:
        assert self._search is not None
        self._config = dataclasses.replace(self._config, device=self._search.request)
        self._search = None
        self._end_process()
        try:
            self._relaunch()
        except EngineError as error:  # there, but not yet ready to be opened
            self._report(Message("refused", str(error)))
            self._play_on_without(self._config.device.name)

    def _restart(self) -> None:
        now = time.monotonic()
        while self._restarts and now - self._restarts[0] > _RESTART_WINDOW_SECONDS:
            self._restarts.popleft()
        status = self._process.exitcode
        if len(self._restarts) >= _RESTARTS:
            raise EngineError(
                f"the engine process died {_RESTARTS + 1} times within {_RESTART_WINDOW_SECONDS:g} s "
                f"(last exit status {status}); run `tsumami doctor`"
            )
        self._restarts.append(now)
        self.restart_count += 1
        self._report(Message("died", f"the engine process died (exit status {status}); starting it again"))
        try:
            self._relaunch()
        except EngineError as error:  # it counts as one more death, until there are too many
            self._report(Message("failed", str(error)))

    def _relaunch(self) -> None:
        """Start a new process where the old one, which has ended, left off."""
        with self._lock:
            self._is_up = False
            self.memory.reset_inputs()
            sample = int(self.memory.meters["sample"])
            self._config = dataclasses.replace(
                self._config, values=tuple(self._remembered.values.tolist()), first_sample=sample
            )
            self.launch()
        message = self.wait_ready()
        with self._lock:
            if self._config.macro_model is not None:
                self._push_macros(self._remembered.for_macros())
            self.memory.control.push(self._remembered.for_audio())
        self._report(dataclasses.replace(message, kind="restarted", text="playing again"))


def _run(config: EngineConfig, doorbell: Any, connection: Connection) -> None:
    """Entry point of the child: only there are the kernels and the devices loaded."""
    from tsumami.engine.process import run_engine

    run_engine(config, doorbell, connection)
