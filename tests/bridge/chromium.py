"""A real browser for the tests of the page: the system's Chromium, driven by Playwright."""

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.bridge.live_process import LiveProcess

SCREENSHOTS = Path(__file__).parents[2] / "build" / "page"
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextlib.contextmanager
def running_chromium() -> Iterator[Browser]:
    """The browser for the time of the block; skips where there is none, but fails in CI."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("chromium must be installed in CI, got none; `make test` installs it")
        pytest.skip("chromium is not installed (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """The page at an address, on a tablet with a touch screen unless told; no script of it may fail."""
    settings = {"viewport": {"width": 1180, "height": 820}, "has_touch": True, **options}
    context = browser.new_context(**settings)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    try:
        page.goto(address)
        page.locator("#knobs").wait_for()
        yield page
        assert [each for each in errors if "WebSocket" not in each and "ERR_CONN" not in each] == []
    finally:
        context.close()


def keep(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep a screenshot as build output."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=whole)


def address_of(live: LiveProcess) -> str:
    """Where a session serves its page."""
    live.wait_for("page on http")
    found = re.search(r"page on (http://\S+)", live.said)
    assert found is not None
    return found[1]


def knob(page: Page, name: str) -> Locator:
    """The slider of an address."""
    return page.locator(f'[data-address="/tsumami/{name}"]')


def stands(element: Locator) -> float:
    """Where a slider stands, in percent."""
    return float(element.get_attribute("aria-valuenow") or "nan")


def waits(page: Page, condition: Callable[[], bool], what: str) -> None:
    """Let the page go on until the condition holds."""
    for _ in range(2000):
        if condition():
            return
        page.wait_for_timeout(10)
    keep(page, "failed", whole=True)
    raise AssertionError(what)


def is_at(page: Page, element: Locator, position: float, within: float = 0.5) -> None:
    """Wait until a slider stands at a position in percent."""
    waits(page, lambda: abs(stands(element) - position) < within, f"not at {position}")


class Fingers:
    """Several fingers on the page's screen at once, each on an element of its own."""

    def __init__(self, page: Page, *elements: Locator) -> None:
        self._touch = page.context.new_cdp_session(page)
        self._places = [_middle(element) for element in elements]

    def drag(self, *upwards: float, steps: int = 8) -> None:
        """Put all fingers down, move each by so many pixels, and lift them."""
        self._send("touchStart", [0.0] * len(upwards))
        for step in range(1, steps + 1):
            self._send("touchMove", [way * step / steps for way in upwards])
        self._touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def _send(self, kind: str, ways: list[float]) -> None:
        points = [
            {"x": x, "y": y - way, "id": number}
            for number, ((x, y), way) in enumerate(zip(self._places, ways, strict=True))
        ]
        self._touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def _middle(element: Locator) -> tuple[float, float]:
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
