"""How much of the server one browser, or all together, may have."""

import asyncio
import time
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MOST_CLIENTS: Final = 8
"""Browsers at a time."""
MOST_CONNECTIONS: Final = 64
"""Of any kind; one more is cut off at once."""
LARGEST_MESSAGE: Final = 64
"""Bytes that a browser may send in one piece."""
LARGEST_SOUND: Final = 4 * 2 * 22_050
"""Bytes of a recording: 2 s of float32 at the rate of what compares them."""
MOST_A_SECOND: Final = 2000
"""Messages of one browser. Ten fingers on a fast screen move 1,200 times a second."""
MOST_UNSEEN: Final = 3
"""Pictures on their way to a browser: who is slower is sent fewer."""
PATIENCE_SECONDS: Final = 10.0
"""For a browser that has something to say or to show, and does not."""
_MOST_PARTS: Final = 8
"""Of one message."""


class Pace:
    """Counts what a browser sends."""

    def __init__(self) -> None:
        self._second, self._count = 0, 0

    def allows(self) -> bool:
        """Count one message; whether it is one too many for this second."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._count = second, 0
        self._count += 1
        return self._count <= MOST_A_SECOND


class PatientHttp(H11Protocol):
    """HTTP for who asks something within a while; who only holds the line is cut off."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self.loop.call_later(PATIENCE_SECONDS, self._look)

    def _look(self) -> None:
        """A connection that has become a socket is no more of this protocol's."""
        if getattr(self, "scope", None) is None and self.transport.get_protocol() is self:
            self.transport.abort()


class BoundedSocket(WebSocketsSansIOProtocol):
    """A WebSocket that holds nothing for who does not take it, nor parts of what does not end."""

    async def run_asgi(self) -> None:
        """Serve; who does not take the rest within a while is cut off."""
        await super().run_asgi()
        self.loop.call_later(PATIENCE_SECONDS, self.transport.abort)

    def handle_ping(self) -> None:
        """Answer, unless the answers before are still here."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.transport.abort()

    def handle_cont(self, event: Any) -> None:
        """Take a part of a message."""
        if len(self.frames) < _MOST_PARTS:
            super().handle_cont(event)
        else:
            self.transport.abort()
