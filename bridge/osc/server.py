"""A UDP port that OSC comes in by, and that tells who asks what moves."""

import contextlib
import heapq
import itertools
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from pythonosc.osc_message import OscMessage

from tsumami.bridge.mapping.address import ROOT
from tsumami.bridge.osc.packets import LARGEST, Request, message, packets, read_packet
from tsumami.bridge.osc.surface import Surface
from tsumami.engine.errors import DeviceError

Peer = tuple[str, int]

_PUBLISH_SECONDS: Final = 1 / 30
_SUBSCRIBED_SECONDS: Final = 60.0
_MOST_SUBSCRIBERS: Final = 16
_MOST_WAITING: Final = 10_000
"""Messages for later that are kept; a client that sends more has a clock that is wrong."""
_TELL_SECONDS: Final = 1.0
_SUBSCRIBE, _UNSUBSCRIBE, _QUERY = f"{ROOT}/subscribe", f"{ROOT}/unsubscribe", f"{ROOT}/query"
_ERROR: Final = f"{ROOT}/error"


class OscServer:
    """Serves a `Surface` from a thread of its own, until `close`.

    A message in a bundle waits for its time, without holding up others; one that is late is done at once.
    A client that sends ``/tsumami/subscribe`` is told for a minute what moves, at most 30 times a second,
    and everything to begin with; ``/tsumami/query`` lists all addresses, with their types and ranges. What
    cannot be done is answered with ``/tsumami/error``, and ``tell`` hears of it, once a second at most.
    """

    def __init__(self, surface: Surface, host: str, port: int, tell: Callable[[str], None]) -> None:
        self._surface, self._tell = surface, tell
        self._wanted = (host, port)
        self._waiting: list[tuple[float, int, Request, Peer]] = []  # heap by the time at which they are due
        self._order = itertools.count()
        self._subscribers: dict[Peer, tuple[float, dict[str, float | None]]] = {}  # until when; what was told
        self._told_at = self._published_at = -float("inf")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tsumami-osc", daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.received = 0
        """Messages so far."""
        self.refused = 0
        """… of which so many could not be done."""

    @property
    def address(self) -> Peer:
        """Host and port that are listened to."""
        host, port = self._socket.getsockname()[:2]
        return host, port

    def open(self) -> None:
        """Listen; raises `DeviceError` where the port cannot be had."""
        try:
            self._socket.bind(self._wanted)
        except (OSError, OverflowError) as error:
            self._socket.close()
            host, port = self._wanted
            raise DeviceError(
                f"osc.port must be a port that is free on {host}, got {port} ({error}); "
                "choose another --osc-port"
            ) from None
        self._thread.start()

    def close(self) -> None:
        """Listen no more, and let go of the notes that came in."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()
        self._surface.release()

    def _run(self) -> None:
        """Body of the thread."""
        while not self._stop.is_set():
            self._socket.settimeout(self._patience())
            try:
                datagram, peer = self._socket.recvfrom(LARGEST)
            except TimeoutError:
                pass
            except OSError:  # a reply that could not be delivered is told here, on some systems
                time.sleep(_PUBLISH_SECONDS)
            else:
                self._take(datagram, peer)
            self._do_due()
            self._publish()

    def _patience(self) -> float:
        """Seconds until there is something to do."""
        until_due = self._waiting[0][0] - time.time() if self._waiting else _PUBLISH_SECONDS
        return min(max(until_due, 1e-4), _PUBLISH_SECONDS)

    def _take(self, datagram: bytes, peer: Peer) -> None:
        try:
            requests = read_packet(datagram)
        except ValueError as error:
            self._refuse(str(error), peer)
            return
        for request in requests:
            self.received += 1
            if request.due <= time.time():
                self._do(request, peer)
            elif len(self._waiting) < _MOST_WAITING:
                heapq.heappush(self._waiting, (request.due, next(self._order), request, peer))
            else:
                self._refuse(f"OSC bundles must leave fewer than {_MOST_WAITING} messages waiting", peer)

    def _do_due(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.time():
            _due, _order, request, peer = heapq.heappop(self._waiting)
            self._do(request, peer)

    def _do(self, request: Request, peer: Peer) -> None:
        try:
            if request.address == _QUERY:
                self._answer(request.values, peer)
            elif request.address == _SUBSCRIBE:
                self._subscribe(request.values, peer)
            elif request.address == _UNSUBSCRIBE:
                self._subscribers.pop(_reply_to(request.values, peer), None)
            else:
                self._surface.act(request.address, request.values, time.perf_counter_ns())
        except ValueError as error:
            self._refuse(str(error), peer)

    def _answer(self, values: Sequence[Any], peer: Peer) -> None:
        """List the addresses that begin with an argument, or all."""
        begin = values[0] if values and isinstance(values[0], str) else ROOT
        found = [item for item in self._surface.items() if item.address.startswith(begin)]
        rows = [
            message(f"{_QUERY}/item", address, types, low, high, *(() if value is None else (value,)))
            for address, types, low, high, value in found
        ]
        self._send([*rows, message(f"{_QUERY}/end", len(found))], peer)

    def _subscribe(self, values: Sequence[Any], peer: Peer) -> None:
        to = _reply_to(values, peer)
        if to not in self._subscribers and len(self._subscribers) >= _MOST_SUBSCRIBERS:
            raise ValueError(f"{_SUBSCRIBE} must be asked for by at most {_MOST_SUBSCRIBERS}, got one more")
        _, told = self._subscribers.get(to, (0.0, {}))
        self._subscribers[to] = (time.monotonic() + _SUBSCRIBED_SECONDS, told)

    def _publish(self) -> None:
        """Tell the subscribers what has moved since they were told."""
        now = time.monotonic()
        if not self._subscribers or now - self._published_at < _PUBLISH_SECONDS:
            return
        self._published_at = now
        state = self._surface.state()
        for peer, (until, told) in list(self._subscribers.items()):
            if now > until:
                del self._subscribers[peer]
                continue
            moved = {
                name: value for name, value in state.items() if value is not None and told.get(name) != value
            }
            self._send([message(name, value) for name, value in moved.items()], peer)
            told.update(moved)

    def _refuse(self, reason: str, peer: Peer) -> None:
        self.refused += 1
        self._send([message(_ERROR, reason)], peer)
        now = time.monotonic()
        if now - self._told_at >= _TELL_SECONDS:
            self._told_at = now
            self._tell(f"OSC from {peer[0]}:{peer[1]}: {reason}")

    def _send(self, messages: Sequence[OscMessage], peer: Peer) -> None:
        for datagram in packets(messages):
            with contextlib.suppress(OSError):  # nobody there any more
                self._socket.sendto(datagram, peer)


def _reply_to(values: Sequence[Any], peer: Peer) -> Peer:
    """Who is to be told: the sender, at another port if it says one."""
    port = values[0] if values else peer[1]
    if not isinstance(port, int) or not 0 < port < 65_536:
        raise ValueError(f"{_SUBSCRIBE} must have a port 1-65535 or nothing, got {port!r}")
    return peer[0], port
