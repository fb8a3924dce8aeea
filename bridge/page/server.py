"""The page's server: its files, and one `Browser` for each socket, thirty pictures a second."""

import asyncio
import multiprocessing
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from tsumami.bridge.page.access import Access
from tsumami.bridge.page.browser import Browser, ThrownOutError
from tsumami.bridge.page.facts import Facts
from tsumami.bridge.page.finding import Finding
from tsumami.bridge.page.gate import Gate
from tsumami.bridge.page.hearing import Hearing
from tsumami.bridge.page.limits import MOST_CLIENTS
from tsumami.bridge.page.memory import PageMemory, action
from tsumami.bridge.page.picture import Picture
from tsumami.bridge.page.texts import Texts
from tsumami.engine.doorbell import Doorbell

PERIOD_SECONDS: Final = 1 / 30
_STATIC: Final = Path(__file__).parent / "static"


class PageServer:
    """Serves ``facts``, what the picture shows and the texts tell, and what is found by ``hearing``.

    Actions go into the memory's ring, and ring the bell.
    """

    def __init__(
        self,
        facts: Facts,
        memory: PageMemory,
        picture: Picture,
        texts: Texts,
        hearing: Hearing,
        bell: Doorbell,
        access: Access,
    ) -> None:
        self._facts, self._memory, self._picture, self._texts = facts, memory, picture, texts
        self._bell = bell
        self._browsers: set[Browser] = set()
        self._waiting: dict[int, list[float]] = {}  # the newest of what had no room in the ring
        routes = [
            Route("/", _index),
            WebSocketRoute("/socket", self._serve),
            Route("/find", Finding(hearing).__call__, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ]
        self.app: ASGIApp = Gate(Starlette(routes=routes), access, self._refuse)

    async def draw(self) -> None:
        """Look at the session thirty times a second, and let all browsers see it, until it ends.

        Half as often for a while after the engine was late: pictures give way to sound.
        """
        meters, parent = self._memory.meters, multiprocessing.parent_process()
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not meters["stop"] and (parent is None or parent.is_alive()):
            meters["heartbeat"] += 1
            for address in list(self._waiting):
                self._act(address, self._waiting.pop(address))
            if self._browsers:
                self._picture.take()
                self._texts.take()
                for browser in self._browsers:
                    browser.wake()
            due = max(due + (2 if self._picture.is_strained else 1) * PERIOD_SECONDS, loop.time())
            await asyncio.sleep(due - loop.time())

    def _act(self, address: int, values: list[float]) -> None:
        """Hand an action on. Where there is no room, the newest of a position waits; no other is kept."""
        is_position = self._facts.addresses[address].kind != "action"
        if self._memory.ring("actions").push(action(address, values)):
            self._bell.release()
        elif is_position:
            self._waiting[address] = values
        else:
            self._memory.meters["actions_dropped"] += 1

    def _take(self, address: int, values: list[float]) -> None:
        """Take what a browser asks for."""
        self._memory.meters["actions"] += 1
        self._waiting.pop(address, None)
        self._act(address, values)

    def _shown(self) -> None:
        self._memory.meters["frames_shown"] += 1

    def _refuse(self) -> None:
        self._memory.meters["refused"] += 1

    async def _serve(self, socket: WebSocket) -> None:
        """A browser, from its first word to its last."""
        await socket.accept()
        browser = Browser(socket, self._facts, self._take, self._shown)
        if len(self._browsers) >= MOST_CLIENTS:
            self._refuse()
            await browser.close(1013, f"{MOST_CLIENTS} browsers are connected already")
            return
        self._browsers.add(browser)
        self._memory.meters["clients"] = len(self._browsers)
        try:
            await browser.serve(self._picture, self._texts)
        except* ThrownOutError as group:
            self._memory.meters["thrown_out"] += 1
            error = group.exceptions[0]
            if isinstance(error, ThrownOutError):
                await browser.close(error.code, error.reason)
        finally:
            self._browsers.discard(browser)
            self._memory.meters["clients"] = len(self._browsers)
            self._memory.meters["frames_sent"] += browser.sent


async def _index(_request: Request) -> FileResponse:
    return FileResponse(_STATIC / "index.html")
