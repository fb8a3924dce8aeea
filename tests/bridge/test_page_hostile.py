"""The page's server among browsers that flood, send garbage, hold the line, or have no token."""

import contextlib
import http.client
import re
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.bridge.live_process import LiveProcess, running_live
from tests.leftovers import assert_nothing_left
from tsumami.bridge.page.limits import MOST_CLIENTS, MOST_CONNECTIONS, MOST_UNSEEN, PATIENCE_SECONDS

DEADLINE_SECONDS = 30.0
TOKEN = "a-word-that-is-long"
MOST_GROWN = 64 << 20
"""Bytes: what Python keeps of a flood that is over, and far below what a queue of it would take."""


class Serving:
    """A session whose page is asked."""

    def __init__(self, live: LiveProcess) -> None:
        self.live = live
        live.wait_for("page on http")
        found = re.search(r"page on http://\w+:(\d+)", live.said)
        assert found is not None
        self.port = int(found[1])

    @property
    def process(self) -> psutil.Process:
        """The page's process: the one that listens."""
        for child in psutil.Process(self.live.process.pid).children():
            listening = [each for each in child.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
            if any(each.laddr.port == self.port for each in listening) and child.pid != self.live.engine_pid:
                return child
        raise AssertionError("no process listens")

    def browser(self, **options: Any) -> ClientConnection:
        """A browser's socket, once it is served."""
        return connect(f"ws://localhost:{self.port}/socket", **options)

    def ask(
        self, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        """The answer to a request."""
        line = http.client.HTTPConnection("localhost", self.port, timeout=DEADLINE_SECONDS)
        line.request(method, path, body, headers)
        answer = line.getresponse()
        answer.read()
        line.close()
        return answer

    def shows(self) -> bool:
        """Whether a good browser is sent pictures, and may go on."""
        with self.browser() as good:
            try:
                for number in range(1, MOST_UNSEEN + 3):
                    until_picture(good)
                    good.send(struct.pack("<BI", 2, number))
            except ConnectionClosed:
                return False
        return True


def until_picture(browser: ClientConnection) -> bytes:
    while isinstance(data := browser.recv(DEADLINE_SECONDS), str):
        pass
    return data


def closed_with(browser: ClientConnection) -> int:
    """The code with which a socket is closed."""
    return pictures_and_code(browser)[1]


def pictures_and_code(browser: ClientConnection) -> tuple[int, int]:
    """How many pictures a socket brought until it was closed, and with which code; 0 without one."""
    pictures = 0
    try:
        while True:
            pictures += isinstance(browser.recv(DEADLINE_SECONDS), bytes)
    except ConnectionClosed as closed:
        return pictures, 0 if closed.rcvd is None else closed.rcvd.code


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    with running_live("--page", "--page-port", "0", "--no-demo", "--device", "null") as live:
        found = Serving(live)
        until(lambda: _answers(found), "no page")
        yield found
        assert live.end(signal.SIGINT)["engine_restarts"] == 0
    assert_nothing_left()


def _answers(serving: Serving) -> bool:
    return serving.ask().status == 200


def test_a_browser_that_floods_is_closed_and_leaves_nothing(serving: Serving) -> None:
    page = serving.process
    assert serving.shows()
    before = page.memory_info().rss
    turn = struct.pack("<BHf", 1, 0, 0.5)
    for _ in range(3):
        with serving.browser() as browser, pytest.raises(ConnectionClosed):
            _flood(browser, turn)
    assert serving.shows()
    assert page.memory_info().rss - before < MOST_GROWN
    assert serving.process == page, "it has lived through it"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("text", 1003),
        (b"", 1003),
        (b"\xff", 1007),
        (struct.pack("<BH", 1, 65_535), 1007),
        (struct.pack("<BHf", 1, 0, float("nan")), 1007),
        (struct.pack("<BI", 2, 4_000_000_000), 1007),
        (b"\x01" * 1000, 1009),
    ],
)
def test_garbage_is_closed_with_a_code(serving: Serving, message: str | bytes, code: int) -> None:
    with serving.browser() as browser:
        browser.send(message)
        assert closed_with(browser) == code
    assert serving.shows()


def test_one_browser_too_many_is_told_so(serving: Serving) -> None:
    with contextlib.ExitStack() as browsers:
        for _ in range(MOST_CLIENTS):
            until_picture(browsers.enter_context(serving.browser()))
        with serving.browser() as late:
            assert closed_with(late) == 1013
    until(serving.shows, "no room is left")


def test_who_holds_the_line_is_cut_off(serving: Serving) -> None:
    """A socket that asks nothing, one that ends in the middle of a word, and a browser that shows nothing."""
    silent, half = (socket.create_connection(("localhost", serving.port)) for _ in range(2))
    half.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
    with serving.browser() as frozen, silent, half:
        assert pictures_and_code(frozen) == (MOST_UNSEEN, 1008)
        for line in (silent, half):
            line.settimeout(PATIENCE_SECONDS + DEADLINE_SECONDS)
            assert _is_cut(line)
    many = [socket.create_connection(("localhost", serving.port)) for _ in range(2 * MOST_CONNECTIONS)]
    until(lambda: sum(map(_is_cut_now, many)) >= MOST_CONNECTIONS, "all were kept")
    for line in many:
        line.close()
    until(serving.shows, "nobody is served any more")


def _flood(browser: ClientConnection, message: bytes) -> None:
    """Send until it is closed; the system may hold all of it before the server's turn comes."""
    for _ in range(100_000):
        browser.send(message)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        browser.recv(DEADLINE_SECONDS)


def _is_cut(line: socket.socket) -> bool:
    try:
        return line.recv(1) == b""
    except ConnectionResetError:
        return True


def _is_cut_now(line: socket.socket) -> bool:
    line.setblocking(False)
    try:
        return line.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_other_sites_are_not_served(serving: Serving) -> None:
    assert serving.ask(Host="evil.example").status == 403
    assert serving.ask(Origin="http://evil.example").status == 403
    with pytest.raises(InvalidStatus) as found:
        serving.browser(origin="http://evil.example")
    assert found.value.response.status_code == 403
    assert serving.ask("/find", "POST", bytes(8), Origin="http://evil.example").status == 403
    assert serving.ask("/find", "POST", bytes(8)).status == 404, "this session has no index"
    answer = serving.ask()
    assert "default-src 'self'" in (answer.getheader("content-security-policy") or "")
    assert serving.ask("/?token=of-another-session").status == 200, "none is needed here"
    assert serving.ask("/static/../server.py").status in (404, 405)
    assert serving.ask("/static/%2e%2e/server.py").status in (404, 405)


def test_a_page_that_dies_comes_back(serving: Serving) -> None:
    page = serving.process
    page.kill()
    serving.live.wait_for("the page's process died; starting it again")
    until(lambda: _answers(serving), "it has not come back")
    assert serving.shows()


@pytest.mark.usefixtures("nothing_left")
def test_without_the_token_nothing_is_shown() -> None:
    with running_live(
        "--page", "--page-port", "0", "--page-token", TOKEN, "--no-demo", "--device", "null"
    ) as live:
        serving = Serving(live)
        until(lambda: serving.ask().status == 401, "no page")
        assert serving.ask("/static/app.js").status == 401
        assert serving.ask("/?token=wrong-and-long").status == 401
        with pytest.raises(InvalidStatus):
            serving.browser()
        entered = serving.ask(f"/?token={TOKEN}")
        assert (entered.status, entered.getheader("location")) == (303, "/"), "it leaves the address bar"
        cookie = entered.getheader("set-cookie") or ""
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert TOKEN not in cookie
        cookie = cookie.split(";")[0]
        assert serving.ask(Cookie=cookie).status == 200
        with serving.browser(additional_headers={"Cookie": cookie}) as browser:
            until_picture(browser)
        with serving.browser(additional_headers={"Authorization": f"Bearer {TOKEN}"}) as browser:
            until_picture(browser)
        assert live.end(signal.SIGINT)["page"]["refused"] >= 4
        assert TOKEN not in live.said
