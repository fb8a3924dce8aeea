"""The process that serves the page: attaches to the session's memory, and ends with it."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import uvicorn

from tsumami.bridge.page.access import Access
from tsumami.bridge.page.facts import Facts
from tsumami.bridge.page.hearing import Hearing, HearingConfig
from tsumami.bridge.page.limits import LARGEST_MESSAGE, BoundedSocket, PatientHttp
from tsumami.bridge.page.memory import PageMemory
from tsumami.bridge.page.picture import Picture
from tsumami.bridge.page.server import PageServer
from tsumami.bridge.page.texts import Texts
from tsumami.engine.doorbell import Doorbell
from tsumami.engine.shared import SessionMemory

_NICENESS = 5
"""Below everything that has to do with sound, where the system knows niceness."""


@dataclass(frozen=True, slots=True)
class PageConfig:
    """What the process is told when it starts; the token is in no log, and in no representation of this."""

    engine_memory: str
    page_memory: str
    facts: Facts
    token: str | None
    hearing: HearingConfig

    def __repr__(self) -> str:
        return f"PageConfig({self.engine_memory!r}, {self.page_memory!r})"


def run_page(config: PageConfig, listening: socket.socket, bell: Doorbell) -> None:
    """Serve on a socket that listens already, until the session ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the session, which ends us
    engine, page = SessionMemory.attach(config.engine_memory), PageMemory.attach(config.page_memory)
    access = Access(listening.getsockname()[1], config.token)
    picture = Picture(config.facts, engine, page)
    picture.take()  # loads what it needs, before anybody waits for it
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    texts = Texts(config.facts, engine.meters, page)
    hearing = Hearing(config.hearing, page, texts.put)
    server = PageServer(config.facts, page, picture, texts, hearing, bell, access)
    hearing.start()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(server, listening))
    hearing.stop()


async def _serve(server: PageServer, listening: socket.socket) -> None:
    web = _Web(
        uvicorn.Config(
            server.app,
            http=PatientHttp,
            ws=BoundedSocket,
            ws_max_size=LARGEST_MESSAGE,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            log_level="critical",  # addresses of requests have the token
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
        )
    )
    serving = asyncio.create_task(web.serve([listening]))
    await server.draw()
    web.should_exit = True
    await serving


class _Web(uvicorn.Server):
    """A server that leaves signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, Any, None]:
        """Capture none."""
        yield
