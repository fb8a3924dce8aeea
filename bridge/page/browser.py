"""One browser: what it asks for is checked and handed on, and it is sent as much as it can show."""

import asyncio
import contextlib
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from tsumami.bridge.page.facts import Address, Facts
from tsumami.bridge.page.limits import MOST_UNSEEN, PATIENCE_SECONDS, Pace
from tsumami.bridge.page.picture import FULL, Picture, Positions, layout

ACT, SHOWN = 1, 2
"""First byte of what a browser sends: an address with its arguments, or the number of a picture it drew."""

_NAMES_EVERY: Final = 3
"""Pictures to one message of what positions come to in their units."""
_encode = msgspec.json.Encoder().encode


class ThrownOutError(Exception):
    """A browser is to be closed, with a code of RFC 6455, section 7.4.1."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def read_act(message: bytes, addresses: Sequence[Address]) -> tuple[int, list[float]]:
    """Number and arguments of an address; raises `ThrownOutError` for what none of our pages sends."""
    count, rest = divmod(len(message) - 3, 4)
    if count < 0 or rest:
        raise ThrownOutError(1007, f"an action must be whole, got {len(message)} bytes")
    number, *values = struct.unpack(f"<H{count}f", message[1:])
    if number >= len(addresses):
        raise ThrownOutError(1007, f"an address must be below {len(addresses)}, got {number}")
    wanted = addresses[number]
    if count != len(wanted.types):
        raise ThrownOutError(1007, f"{wanted.address} must have {len(wanted.types)} arguments, got {count}")
    for letter, value in zip(wanted.types, values, strict=True):
        if not abs(value) < 1e6 or (letter != "f" and value != int(value)):  # so written, it refuses NaN
            raise ThrownOutError(1007, f"{wanted.address} must have {wanted.types}, got {value}")
    return number, values


class Browser:
    """Serves one socket; ``act`` takes what it asks for, ``shown`` hears of each picture on its screen."""

    def __init__(
        self,
        socket: WebSocket,
        facts: Facts,
        act: Callable[[int, list[float]], None],
        shown: Callable[[], None],
    ) -> None:
        self._socket, self._facts, self._act, self._shown = socket, facts, act, shown
        self._pace = Pace()
        self._due = asyncio.Event()
        self._told: Positions | None = None
        self._named: Positions | None = None
        self._texts: dict[str, bytes] = {}
        self._seen, self._waits_since = 0, 0.0
        self.sent = 0
        """Pictures so far."""

    def wake(self) -> None:
        """Let it look at the picture, which is new."""
        self._due.set()

    async def serve(self, picture: Picture, texts: Mapping[str, bytes]) -> None:
        """Serve until it goes; raises an `ExceptionGroup` of `ThrownOutError` where it has to.

        ``texts`` are what changes seldom, as it is now, by what it is of.
        """
        async with asyncio.TaskGroup() as group:
            sender = group.create_task(self._send_all(picture, texts))
            await self._hear()
            sender.cancel()

    async def close(self, code: int, reason: str) -> None:
        """Close the socket, as far as the browser listens."""
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            await asyncio.wait_for(self._socket.close(code, reason), 1.0)

    async def _hear(self) -> None:
        while (message := await self._socket.receive())["type"] != "websocket.disconnect":
            if not self._pace.allows():
                raise ThrownOutError(1008, "too many messages in a second")
            data = message.get("bytes")
            if not data:
                raise ThrownOutError(1003, "messages must be binary")
            self._take(data)

    def _take(self, data: bytes) -> None:
        if data[0] == ACT:
            self._act(*read_act(data, self._facts.addresses))
        elif data[0] == SHOWN and len(data) == 5:
            (number,) = struct.unpack("<I", data[1:])
            if not self._seen < number <= self.sent:
                raise ThrownOutError(
                    1007, f"a picture that was shown must be one that was sent, got {number}"
                )
            self._seen = number
            self._shown()
        else:
            raise ThrownOutError(
                1007, f"a message must begin with {ACT} or {SHOWN} and be whole, got {data[0]}"
            )

    async def _send_all(self, picture: Picture, texts: Mapping[str, bytes]) -> None:
        """Send whatever is new; who takes nothing is waited for, but not for ever."""
        loop = asyncio.get_running_loop()
        try:
            await self._send({"is": "hello", "facts": self._facts.document(), "layout": layout()})
            while True:
                await self._due.wait()
                self._due.clear()
                if self.sent - self._seen < MOST_UNSEEN:
                    self._waits_since = loop.time()
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await self._send_picture(picture, texts)
                elif loop.time() - self._waits_since > PATIENCE_SECONDS:
                    raise ThrownOutError(1008, "no picture was shown for too long")
        except TimeoutError:
            raise ThrownOutError(1008, "nothing was taken for too long") from None
        except WebSocketDisconnect:
            return

    async def _send_picture(self, picture: Picture, texts: Mapping[str, bytes]) -> None:
        for name, text in list(texts.items()):
            if text and text != self._texts.get(name):
                self._texts[name] = text
                await self._socket.send_text(text.decode())
        if self.sent % _NAMES_EVERY == 0:
            await self._send_names(picture.positions)
        self.sent += 1
        data, self._told = picture.of(self.sent, self._told), picture.positions
        await self._socket.send_bytes(data)

    async def _send_names(self, positions: Positions) -> None:
        """Say what the instrument's parameters that have moved come to in their units."""
        names = {
            number: self._facts.parameters[each.index].describe(int(positions[number]) / FULL)
            for number, each in enumerate(self._facts.addresses)
            if each.kind == "parameter" and (self._named is None or self._named[number] != positions[number])
        }
        self._named = positions
        if names:
            await self._send({"is": "names", "names": names})

    async def _send(self, document: dict[str, Any]) -> None:
        await self._socket.send_text(_encode(document).decode())
