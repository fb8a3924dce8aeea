"""The page in a real browser, over a session that plays, with a MIDI keyboard at a real port."""

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser

from tests.bridge.chromium import (
    Fingers,
    address_of,
    is_at,
    keep,
    knob,
    opened,
    running_chromium,
    stands,
    waits,
)
from tests.bridge.keyboard import keyboard, send_until_heard
from tests.bridge.live_process import running_live
from tests.jack import JackServer
from tests.leftovers import assert_nothing_left
from tsumami.bridge.control_log import read_control_log
from tsumami.engine.events import Kind

pytestmark = pytest.mark.slow


PAGE = ("--page", "--page-port", "0")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


def test_a_knob_that_is_turned_by_touch_moves_the_parameters_and_the_sound(
    chromium: Browser, jack_server: JackServer, tmp_path: Path
) -> None:
    log, take = tmp_path / "take.jsonl", tmp_path / "take.wav"
    with (
        running_live(
            *PAGE, "--no-demo", "--input", "auto", "--repair", "--log", str(log), "--record", str(take)
        ) as live,
        opened(chromium, address_of(live)) as page,
        keyboard(jack_server) as keys,
    ):
        send_until_heard(keys, live, log, [0x90, 48, 100], '"note_on":[48')
        bright, gain, cutoff = knob(page, "macro/bright"), knob(page, "gain"), knob(page, "parameter/cutoff")
        waits(page, lambda: stands(gain) == 100.0, "the gain is not shown")
        Fingers(page, bright).drag(-120)  # takes the knob over, downwards
        waits(page, lambda: stands(bright) < 30, "the knob has not moved")
        low = stands(cutoff)
        Fingers(page, bright).drag(300)
        waits(page, lambda: stands(bright) > 95 and stands(cutoff) > low + 10, "the cutoff has not followed")
        assert "moving" in (cutoff.get_attribute("class") or "")
        assert "blocks lost" in page.locator("#repair").inner_text()
        keep(page, "tablet")

        both = knob(page, "macro/wide"), knob(page, "macro/thick")
        before = [stands(each) for each in both]
        Fingers(page, *both).drag(-40, 40)
        waits(page, lambda: stands(both[0]) < before[0] - 5, "the first of two did not move")
        waits(page, lambda: stands(both[1]) > before[1] + 5, "the second of two did not move")

        for value in (20, 100):
            send_until_heard(keys, live, log, [0xB0, 21, value], f'"macro":["aggressive",{value / 127:.3f}')
            is_at(page, knob(page, "macro/aggressive"), value / 1.27)
        summary = live.end(signal.SIGINT)
    assert summary["page"]["frames_shown"] > 10
    assert summary["page"]["thrown_out"] == 0
    events = read_control_log(log).events
    moves = events[(events["kind"] == Kind.MACRO) & (events["index"] == 0)]["time"]
    sound, rate = soundfile.read(take, dtype="float32")
    last = int(moves[-1])
    dark = _centre_hz(sound[int(events[events["kind"] == Kind.NOTE_ON]["time"][0]) :][: rate // 4], rate)
    assert _centre_hz(sound[last + rate // 10 :][: rate // 4], rate) > 1.3 * dark
    assert_nothing_left()


def test_snapshots_morph_sounds_and_learning(
    chromium: Browser, jack_server: JackServer, tmp_path: Path
) -> None:
    session, log = tmp_path / "show.toml", tmp_path / "take.jsonl"
    session.write_text(
        '[[map]]\ncc = 20\nmacro = "bright"\n'
        '[[map]]\ncc = 30\nparameter = "cutoff"\ntakeover = "pickup"\n[page]\nport = 0\n'
    )
    with (
        running_live(str(session), "--page", "--no-demo", "--log", str(log)) as live,
        opened(chromium, address_of(live)) as page,
        keyboard(jack_server) as keys,
    ):
        send_until_heard(keys, live, log, [0x90, 48, 100], '"note_on":[48')
        sound, cutoff = page.locator("#sound"), knob(page, "parameter/cutoff")
        page.locator("#search").fill("bass dark")
        page.get_by_role("button", name="Rubber Bass").click()
        waits(page, lambda: sound.inner_text() == "Rubber Bass", "the sound was not loaded")
        page.locator('[data-slot="1"]').click()  # empty: stored
        waits(page, lambda: "Rubber Bass" in page.locator('[data-slot="1"]').inner_text(), "not stored")
        one = stands(cutoff)

        page.locator("#search").fill("lead bright")
        page.get_by_role("button", name="Razor Wire").click()
        waits(
            page, lambda: sound.inner_text() == "Razor Wire" and abs(stands(cutoff) - one) > 5, "not loaded"
        )
        page.get_by_role("button", name="Store", exact=True).click()
        page.locator('[data-slot="2"]').click()
        waits(page, lambda: "Razor Wire" in page.locator('[data-slot="2"]').inner_text(), "not stored")
        two = stands(cutoff)
        page.locator('[data-slot="1"]').click()
        is_at(page, cutoff, one)
        page.get_by_role("button", name="Undo").click()
        is_at(page, cutoff, two)

        pad = page.locator(".pad")
        box = pad.bounding_box()
        assert box is not None
        straight = page.get_by_role("button", name="straight")
        for share, wanted in ((0.98, two), (0.02, one), (0.98, two)):
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] * share, box["y"] + 20, steps=5)
            page.mouse.up()
            is_at(page, cutoff, wanted, within=4.0)
            straight.click()
        keep(page, "morph", whole=True)

        for value in (1, 2):  # far below, and not in hand
            keys.send_message([0xB0, 30, value])
        page.get_by_text("% to pick up").wait_for()
        ghost = cutoff.locator(".stands")
        assert ghost.is_visible()
        assert float((ghost.get_attribute("style") or "").split("left: ")[1].split("%")[0]) < 3, "it is drawn"

        page.locator("#learn").click()
        knob(page, "parameter/drive").click()
        knob(page, "parameter/drive").and_(page.locator(".waits")).wait_for()
        keep(page, "learning")
        for value in range(40, 80):
            keys.send_message([0xB0, 55, value])
            page.wait_for_timeout(5)
        waits(page, lambda: "CC 55" in knob(page, "parameter/drive").inner_text(), "the knob was not learned")
        live.end(signal.SIGINT)
    assert "cc = 55" in session.read_text()
    assert_nothing_left()


def test_keys_a_double_tap_and_panic(chromium: Browser) -> None:
    with (
        running_live(*PAGE, "--no-demo", "--device", "null") as live,
        opened(chromium, address_of(live), color_scheme="light") as page,
    ):
        drive = knob(page, "parameter/drive")
        drive.focus()
        page.keyboard.press("End")
        is_at(page, drive, 100.0, within=0.05)
        page.keyboard.press("ArrowDown")
        is_at(page, drive, 99.0, within=0.05)
        page.keyboard.press("Shift+ArrowDown")
        is_at(page, drive, 98.9, within=0.05)
        waits(page, lambda: "dB" in (drive.get_attribute("aria-valuetext") or ""), "its unit is not told")
        drive.hover()
        page.mouse.wheel(0, 100)
        is_at(page, drive, 96.9, within=0.05)
        cutoff = knob(page, "parameter/cutoff")
        cutoff.hover()
        before = stands(cutoff)
        page.mouse.wheel(0, 100)  # not touched before: the page is scrolled
        assert stands(cutoff) == before
        drive.dblclick()
        waits(page, lambda: stands(drive) < 50, "the default")
        page.locator("#stage").click()
        keep(page, "stage-light")
        page.locator("#stage").click()
        page.locator("#theme").click()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.locator("#panic").click()
        assert live.end(signal.SIGINT)["page"]["actions"] > 3
    assert_nothing_left()


def test_a_page_comes_back_with_its_session(chromium: Browser) -> None:
    port = "47913"
    arguments = ("--page", "--page-port", port, "--no-demo", "--device", "null")
    with running_live(*arguments) as live:
        address = address_of(live)
        context = opened(chromium, address, viewport={"width": 390, "height": 844})
        with context as page:
            waits(page, lambda: page.locator("#sound").inner_text() == "Warm Evening", "no sound")
            keep(page, "phone", whole=True)
            live.end(signal.SIGINT)
            page.get_by_text("trying again").wait_for()
            keep(page, "lost")
            with running_live(*arguments) as again:
                assert address_of(again) == address, "the port was not free again"
                waits(page, lambda: page.locator("#status").inner_text() == "connected again", "not back")
                knob(page, "macro/bright").press("End")
                waits(page, lambda: stands(knob(page, "macro/bright")) > 99, "it moves nothing")
                again.end(signal.SIGINT)
    assert_nothing_left()


def _centre_hz(sound: np.ndarray, rate: int) -> float:
    """Where the middle of the spectrum's magnitude lies."""
    spectrum = np.abs(np.fft.rfft(sound.mean(axis=1) * np.hanning(len(sound))))
    return float(np.sum(np.fft.rfftfreq(len(sound), 1 / rate) * spectrum) / np.sum(spectrum))
