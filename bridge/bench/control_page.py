"""The page of the benchmarks: an engine on a JACK server, its page, and a browser without a screen."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tsumami.bridge.bench.playing import playing_engine
from tsumami.bridge.live.learn import LiveLearn
from tsumami.bridge.live.page import LivePage, PageRequest, Told
from tsumami.bridge.live.state import open_state
from tsumami.bridge.router import Router
from tsumami.bridge.session.programs import PatchPrograms
from tsumami.bridge.session.rack import Rack
from tsumami.bridge.session.setup import Setup
from tsumami.engine import DeviceRequest, EngineClient, Message
from tsumami.engine.errors import DeviceError
from tsumami.engine.priority import take_short_turns

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_DEADLINE_SECONDS: Final = 60.0


class Control:
    """A session that plays, with a router; `page` serves its page for a while."""

    def __init__(self, client: EngineClient, setup: Setup, message: Message, folder: Path) -> None:
        self.client, self.setup, self._message = client, setup, message
        self.macros = [macro.name for macro in message.macros]
        self.router = Router(client, PatchPrograms(client, setup.patches))
        self._state = open_state(
            setup,
            Rack(setup.session, _ignore),
            self.macros,
            client,
            self.router,
            path=folder / "bench.toml",
            show=_ignore,
            tell=_ignore,
        )

    @contextlib.contextmanager
    def page(self) -> Iterator[LivePage]:
        """The page, served on a port that is free."""
        learn = LiveLearn(self.setup, self.macros, None, _ignore, _ignore)
        told = Told(lambda: self._message, str, list, dict)
        page = LivePage(
            self.setup, self._message.macros, self.client, self.router, self._state, learn, told, _ignore
        )
        page.open(PageRequest("127.0.0.1", 0))
        try:
            yield page
        finally:
            page.close()


@contextlib.contextmanager
def controlled_engine(block_size: int) -> Iterator[Control]:
    """An engine on the running JACK server, with a lead sound; threads take turns as in a session."""
    take_short_turns()
    device = DeviceRequest(api="JACK")
    with (
        tempfile.TemporaryDirectory() as folder,
        playing_engine(device, block_size, stress=False, category="lead", scope=True) as playing,
    ):
        yield Control(*playing, Path(folder))


@contextlib.contextmanager
def looking_browser(page: LivePage, niceness: int = 0) -> Iterator[None]:
    """A Chromium without a screen that has the page open, once it has drawn it.

    With ``niceness`` it gives way to others, as one that is on another computer takes nothing from this one.
    """
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        raise DeviceError("chromium must be installed (on Debian: apt-get install chromium), got none")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [
            "nice",
            "-n",
            str(niceness),
            found,
            "--headless=new",
            "--disable-gpu",
            "--no-first-run",
            f"--user-data-dir={folder}",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium refuses to have one as root
        browser = subprocess.Popen(
            [*command, "--window-size=1280,900", f"http://127.0.0.1:{page.port}/"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait_until_drawn(page, browser)
            yield
        finally:
            _end(browser)


def _wait_until_drawn(page: LivePage, browser: "subprocess.Popen[Any]") -> None:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while page.counts()["frames_shown"] == 0:
        if browser.poll() is not None or time.monotonic() > deadline:
            raise DeviceError(f"chromium must show the page within {_DEADLINE_SECONDS:g} s, got nothing")
        time.sleep(0.05)


def _end(browser: "subprocess.Popen[Any]") -> None:
    """With its children, which are of its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(browser.pid, 9)
    browser.wait()


def _ignore(*_: Any) -> None:
    pass
