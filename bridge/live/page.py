"""The page of a live session: starts its process, tells it what changes, and does what is asked there."""

import dataclasses
import itertools
import multiprocessing
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from tsumami.bridge.groove.control import GrooveControl
from tsumami.bridge.live.learn import LiveLearn
from tsumami.bridge.mapping import Target
from tsumami.bridge.mapping.address import addresses_of
from tsumami.bridge.mapping.takeover import Apart
from tsumami.bridge.osc import Surface
from tsumami.bridge.page.access import check_token, is_loopback
from tsumami.bridge.page.catalogue import facts_of, knobs_of
from tsumami.bridge.page.hearing import HearingConfig
from tsumami.bridge.page.memory import MOST_ADDRESSES, PageMemory
from tsumami.bridge.page.port import listening_socket
from tsumami.bridge.router import Router
from tsumami.bridge.session.setup import Setup
from tsumami.bridge.state import State
from tsumami.bridge.tempo.beat import Beat
from tsumami.engine import EngineClient
from tsumami.engine.config import MacroLabel, Message
from tsumami.engine.events import Kind

_PERIOD_SECONDS: Final = 1 / 30
_TEXT_EVERY: Final = 3
"""Periods."""
_MOST_POSITIONS: Final = 512
"""Of a period: a plugin may have thousands, and the knobs' threads share the interpreter."""
_START_SECONDS: Final = 120.0
_HANG_SECONDS: Final = 10.0
_END_SECONDS: Final = 2.0
_RESTARTS: Final = 3
_PRESSED: Final = 0.5
"""From where on a button is pressed."""
_NEWS: Final = 8
_COUNTS: Final = ("actions", "actions_dropped", "frames_sent", "frames_shown", "refused", "thrown_out")


@dataclasses.dataclass(frozen=True, slots=True)
class PageRequest:
    """Where a page is to be; the token lets others than this computer in."""

    host: str
    port: int
    token: str | None = None

    def __post_init__(self) -> None:
        check_token(self.host, self.token)

    def __repr__(self) -> str:
        return f"PageRequest({self.host!r}, {self.port})"


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What the page is told of a session beside its memory: each is asked again and again."""

    engine: Callable[[], Message]
    source: Callable[[], str]
    plugins: Callable[[], list[dict[str, Any]]]
    distances: Callable[[], dict[Target, Apart]]
    beat: Callable[[], Beat | None] = lambda: None
    """The session's, while it runs."""


class LivePage:
    """Serves a page from `open` to `close`. What is asked there is done by the way that OSC takes.

    ``tell`` says a sentence in the session; what the session says is given to `hear`, for the page. The
    process is brought back when it dies or hangs, a few times.
    """

    def __init__(
        self,
        setup: Setup,
        macros: Sequence[MacroLabel],
        client: EngineClient,
        router: Router,
        state: State,
        learn: LiveLearn,
        told: Told,
        tell: Callable[[str], None],
        hearing: HearingConfig | None = None,
    ) -> None:
        targets = setup.targets([macro.name for macro in macros])
        self._names = list(addresses_of(targets))
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self._places = {place: number for number, place in enumerate(targets)}
        self._targets = {target: number for number, target in enumerate(targets.values())}
        sounds = [sound.name for sound in (setup.patches or setup.presets)]
        self._surface = Surface(
            addresses_of(targets), router.positions, router, sounds, state.lock, learn.begin
        )
        self._facts = facts_of(setup, macros, self._surface)
        self._block_seconds = self._facts.block_size / self._facts.sample_rate
        self._engine_memory = client.memory.name
        self._hearing = hearing or HearingConfig(None, self._facts.sample_rate)
        self._state, self._learn, self._told, self._tell = state, learn, told, tell
        self._memory = PageMemory.create()
        self._memory.meters["positions"] = np.nan
        for control in (GrooveControl.SENSITIVITY, GrooveControl.REFERENCE):
            router.positions.put(Kind.GROOVE, control, 1.0)
            self._ask_groove(control, 1.0)
        router.groove = self._ask_groove
        self._untold = [  # what the engine does not tell by itself
            (number, target) for target, number in self._targets.items()
            if target.kind not in (Kind.MACRO, Kind.PARAMETER) and number < MOST_ADDRESSES
        ]  # fmt: skip
        self._next = itertools.cycle(self._untold)
        self._router = router
        self._news: deque[tuple[int, str]] = deque(maxlen=_NEWS)
        self._news_numbers = itertools.count(1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tsumami-page", daemon=True)
        context: Any = multiprocessing.get_context("spawn")
        self._context, self._bell = context, context.Semaphore(0)
        self._process: Any = None
        self._socket: socket.socket | None = None
        self._token: str | None = None
        self._restarts = 0
        self._heartbeat, self._looked_at = 0, 0.0
        self._text = b""
        self.refused = 0
        """What was asked on the page and could not be done."""

    def open(self, request: PageRequest) -> None:
        """Listen, and start the process; another port is taken where the wanted one is not free.

        Raises `DeviceError` where the host is none of this computer.
        """
        self._token = request.token
        self._socket = listening_socket(request.host, request.port)
        host, port = self._socket.getsockname()[:2]
        if request.port not in (0, port):
            self._tell(f"port {request.port} is taken: the page is on another")
        shown = "localhost" if is_loopback(request.host) else host
        self._tell(f"page on http://{shown}:{port}")
        self._start()
        self._thread.start()

    def hear(self, text: str) -> None:
        """Show a sentence on the page; any thread may call it."""
        self._news.append((next(self._news_numbers), text))

    @property
    def port(self) -> int:
        """TCP port, once open."""
        assert self._socket is not None, "open() first"
        return int(self._socket.getsockname()[1])

    def number_of(self, address: str) -> int:
        """What a browser calls the target at an address."""
        return self._numbers[address]

    def counts(self) -> dict[str, int]:
        """What has come from browsers so far, and gone to them."""
        return {name: int(self._memory.meters[name]) for name in _COUNTS}

    def close(self) -> dict[str, int]:
        """Say goodbye to the browsers; returns what has come from them, and gone to them."""
        self._stop.set()
        self._router.groove = None
        self._memory.meters["stop"] = 1
        if self._thread.is_alive():
            self._thread.join()
        if self._process is not None:
            self._process.join(_END_SECONDS)
            self._kill()
        if self._socket is not None:
            self._socket.close()
        self._surface.release()
        counts = self.counts()
        self._memory.close()
        return counts

    def _run(self) -> None:
        """Body of the thread."""
        due = 0.0
        for tick in itertools.count():
            while (wait := due - time.monotonic()) > 0.0:
                if self._bell.acquire(timeout=wait):
                    self._act()
            due = time.monotonic() + _PERIOD_SECONDS
            if self._stop.is_set():
                return
            self._act()
            self._write_positions()
            if tick % _TEXT_EVERY == 0:
                self._write_text()
                self._write_beat()
                self._watch()

    def _watch(self) -> None:
        """Bring the process back when it has died, or hangs."""
        now, heartbeat = time.monotonic(), int(self._memory.meters["heartbeat"])
        if heartbeat != self._heartbeat:
            self._heartbeat, self._looked_at = heartbeat, now
        patience = _HANG_SECONDS if heartbeat else _START_SECONDS
        if not self._process.is_alive() or now - self._looked_at > patience:
            self._restart()

    def _write_positions(self) -> None:
        """Where stands what the engine does not tell, by turns where there is much of it."""
        positions = self._memory.meters["positions"]
        for number, target in itertools.islice(self._next, min(len(self._untold), _MOST_POSITIONS)):
            value = self._router.positions(target)
            if value is not None:
                positions[number] = target.position(value)

    def _ask_groove(self, index: int, value: float) -> None:
        """Hand a GROOVE event's index and value to who hears the input; any thread may call it."""
        asked = self._memory.meters["groove"]
        if index != GrooveControl.RESET:
            asked[index] = value
        elif value >= _PRESSED:
            asked[index] += 1

    def _act(self) -> None:
        """Do what was asked, in its order."""
        for record in self._memory.ring("actions").pop():
            asked = self._facts.addresses[record["address"]]
            values = record["values"][: record["count"]].tolist()
            try:
                self._surface.act(asked.address, self._arguments(asked.types, values), time.perf_counter_ns())
            except ValueError as error:
                self.refused += 1
                self.hear(str(error))

    def _arguments(self, types: str, values: Sequence[float]) -> list[float | int | str]:
        """Numbers from a browser as the address takes them; a number that stands for no address is none."""
        return [self._argument(letter, value) for letter, value in zip(types, values, strict=True)]

    def _argument(self, letter: str, value: float) -> float | int | str:
        if letter == "f":
            return value
        if letter == "i":
            return int(value)
        return self._names[int(value)] if 0 <= value < len(self._names) else ""

    def _write_text(self) -> None:
        """What changes seldom, where it has changed."""
        engine = self._told.engine()
        text = msgspec.json.encode(
            {
                "is": "state",
                "sound": self._state.sound,
                "slots": self._state.slots,
                "locked": [self._numbers[each] for each in self._state.locked if each in self._numbers],
                "learning": self._numbers.get(self._learn.wanted, -1),
                "knobs": knobs_of(self._learn.maps, self._places),
                "news": list(self._news),
                "source": self._told.source(),
                "device": engine.device,
                "input": engine.input,
                "latency_ms": round((engine.latency_seconds + self._block_seconds) * 1e3, 2),
                "plugins": self._told.plugins(),
                "apart": {
                    self._targets[target]: [round(apart.distance, 3), round(apart.stands, 3)]
                    for target, apart in self._told.distances().items()
                    if target in self._targets
                },
            }
        )
        if text != self._text:
            self._text = text
            self._memory.write_text(text)

    def _write_beat(self) -> None:
        """Where the music is; that it stands, where it does not run."""
        beat, now = self._told.beat(), float(time.perf_counter_ns())
        if beat is None:
            self._memory.write_beat(0.0, now, 0.0)
        else:
            self._memory.write_beat(beat.at(now), now, beat.bpm)

    def _start(self) -> None:
        from tsumami.bridge.page.process import PageConfig, run_page

        config = PageConfig(self._engine_memory, self._memory.name, self._facts, self._token, self._hearing)
        self._process = self._context.Process(
            target=run_page, args=(config, self._socket, self._bell), name="tsumami-page", daemon=True
        )
        self._memory.meters["heartbeat"] = self._heartbeat = 0
        self._looked_at = time.monotonic()
        self._process.start()

    def _restart(self) -> None:
        """Bring the process back, unless it has died too often: the show goes on without it."""
        self._kill()
        if self._restarts == _RESTARTS:
            self._tell("the page is gone: its process died too often")
            self._stop.set()
            return
        self._restarts += 1
        self._tell("the page's process died; starting it again")
        self._start()

    def _kill(self) -> None:
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
