"""The page's panels of loops, groove and timbre, and its locks, in a real browser over sessions that play."""

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Locator, Page

from tests.bridge.chromium import (
    address_of,
    is_at,
    keep,
    knob,
    opened,
    running_chromium,
    stands,
    waits,
)
from tests.bridge.live_process import running_live
from tests.bridge.test_groove_live import play_into
from tests.drum_sounds import play, rock
from tests.jack import running_jack_server
from tests.leftovers import assert_nothing_left
from tsumami.bridge.timbre.indexing import make_index
from tsumami.engine.timbre.encoder import TimbreEncoder
from tsumami.plugins import load_bank, render_patch

pytestmark = pytest.mark.slow

RATE = 48_000
BPM = 150.0
LATE_MS = 25.0
PAGE = ("--page", "--page-port", "0", "--no-demo")
PATCHES = ("Rubber Bass", "Razor Wire", "Warm Evening", "Breath Flute", "Square Hero", "Solo Saw")
INK = """
canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)
"""
"""Whether anything is drawn."""


NAMELESS = """
() => [...document.querySelectorAll("button, input, select, section, canvas, [role=slider], [role=meter]")]
  .filter((each) => !each.closest("[aria-hidden], .scope"))
  .filter((each) => !each.closest("[hidden]"))
  .filter((each) => !(each.ariaLabel || each.textContent.trim() || each.labels?.length))
  .map((each) => each.outerHTML)
"""
"""What a screen reader has no name for."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


def head_at(page: Page) -> str:
    return str(page.locator(".loop .head").evaluate("each => each.style.transform"))


def test_the_loop_that_plays_the_one_that_waits_and_what_moves_them(chromium: Browser) -> None:
    arguments = ("--device", "null", "--loop", "bass", "--bpm", "90")
    with (
        running_live(*PAGE, *arguments) as live,
        opened(chromium, address_of(live)) as page,
    ):
        loop = page.locator("#loop")
        waits(page, lambda: "seed 1" in loop.inner_text(), "the loop's seed is not told")
        assert loop.locator("canvas").evaluate(INK)
        tempo = knob(page, "tempo")
        waits(page, lambda: tempo.get_attribute("aria-valuetext") == "90 bpm", "the tempo is not told")
        before = head_at(page)
        waits(page, lambda: head_at(page) != before, "the loop does not move on")
        seed = knob(page, "loop/seed")
        seed.press("End")
        loop.get_by_text("then seed 127 at the bar line").wait_for()
        loop.get_by_text("seed 127 · 90 bpm").wait_for()
        assert seed.get_attribute("aria-valuetext") == "127"
        assert "dB" in (knob(page, "loop/level").get_attribute("aria-valuetext") or "")
        mute = loop.get_by_role("button", name="loop mute")
        mute.click()
        waits(page, lambda: mute.get_attribute("aria-pressed") == "true", "it is not muted")
        loop.get_by_role("button", name="loop undo").click()
        loop.get_by_text("seed 1 · 90 bpm").wait_for()
        keep(page, "loop")
        assert live.end(signal.SIGINT)["loop"]["changes"] >= 2
    assert_nothing_left()


def test_what_is_locked_is_left_alone_and_every_slot_is_there(chromium: Browser, tmp_path: Path) -> None:
    session = tmp_path / "show.toml"
    session.write_text("[page]\nport = 0\n")
    with (
        running_live(str(session), "--page", "--no-demo", "--device", "null") as live,
        opened(chromium, address_of(live)) as page,
    ):
        cutoff, drive = knob(page, "parameter/cutoff"), knob(page, "parameter/drive")
        lock = page.get_by_role("button", name="Lock cutoff")
        lock.click()
        waits(page, lambda: lock.get_attribute("aria-pressed") == "true", "it is not locked")
        before, other = stands(cutoff), stands(drive)
        page.get_by_role("button", name="Chance").click()
        waits(page, lambda: abs(stands(drive) - other) > 0.5, "nothing has moved by chance")
        assert stands(cutoff) == before
        cutoff.press("l")
        waits(page, lambda: lock.get_attribute("aria-pressed") == "false", "it is still locked")
        cutoff.press("Home")
        is_at(page, cutoff, 0.0)

        page.get_by_role("button", name="More").click()
        twelve = page.locator('[data-slot="12"]')
        twelve.click()
        waits(page, lambda: "empty" not in twelve.inner_text(), "the twelfth slot was not stored")
        page.reload()
        waits(page, lambda: "empty" not in page.locator('[data-slot="12"]').inner_text(), "it is not shown")
        live.end(signal.SIGINT)
    assert_nothing_left()


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A note of each patch as a file that bears its name."""
    folder = tmp_path_factory.mktemp("notes")
    for patch in load_bank():
        if patch.name in PATCHES:
            sound = render_patch(patch.values, hold_seconds=1.0, length_seconds=1.2, sample_rate=RATE)
            soundfile.write(folder / f"{patch.name}.wav", sound.mean(axis=0), RATE)
    return folder


@pytest.fixture(scope="module")
def index(notes: Path) -> Path:
    encoder = TimbreEncoder()
    encoder.prepare()
    path = notes / "notes.timbre"
    made, _ = make_index(notes, encoder)
    made.save(path)
    return path


def test_hits_of_the_input_and_sounds_that_are_near_to_it(
    chromium: Browser, notes: Path, index: Path
) -> None:
    """A late snare leans; a note of a patch finds it, and so does a file; Enter on the map loads one."""
    hits = [(beat + LATE_MS / 1000.0 * (lane == "snare"), lane, gain) for beat, lane, gain in rock(4, BPM)]
    note, _ = soundfile.read(notes / "Razor Wire.wav", dtype="float32")
    with (
        running_jack_server(block_size=512, purpose="panels") as server,
        running_live(
            *PAGE, "--input", "auto", "--groove", "--timbre-index", str(index), "--block-size", "512"
        ) as live,
        opened(chromium, address_of(live), viewport={"width": 1180, "height": 1400}) as page,
    ):
        groove, found = page.locator("#groove"), page.locator("#map")
        found.get_by_text("6 sounds").wait_for()
        play_into(server, live, play(hits, RATE), lambda _: None)
        snare = groove.locator("tr", has_text="snare").locator(".figure").first
        kick = groove.locator("tr", has_text="kick").locator(".figure").first
        waits(page, lambda: "ms" in snare.inner_text() and "ms" in kick.inner_text(), "no lean is told")
        # The detector's own error between two lanes is a millisecond.
        waits(
            page,
            lambda: abs(milliseconds(snare.inner_text()) - milliseconds(kick.inner_text()) - LATE_MS) < 1.5,
            "the snare is not told as late",
        )
        assert groove.locator("canvas").first.evaluate(INK)

        quiet = np.zeros(RATE // 4, np.float32)
        play_into(server, live, np.concatenate([quiet, 0.8 * note, quiet]), lambda _: None)
        found.get_by_text("Near to the input").wait_for()
        waits(page, lambda: found.locator(".near b").first.inner_text() == "Razor Wire", "it is not found")
        assert page.evaluate(NAMELESS) == []
        keep(page, "ear", whole=True)

        found.locator("input[type=file]").set_input_files(notes / "Breath Flute.wav")
        found.get_by_text("Near to Breath Flute.wav").wait_for()
        assert found.locator(".near b").first.inner_text() == "Breath Flute"
        found.locator(".near button").first.click()
        sound = page.locator("#sound")
        waits(page, lambda: sound.inner_text() == "Breath Flute", "what was found is not loaded")
        face = found.locator(".map")
        face.focus()
        for key in ("ArrowLeft", "ArrowRight", "ArrowUp"):
            page.keyboard.press(key)
        named = face.locator(".label").inner_text()
        page.keyboard.press("Enter")
        waits(page, lambda: sound.inner_text() == named, "the sound on the map is not loaded")
        tapped = tap_somewhere(page, face)
        waits(page, lambda: sound.inner_text() == tapped, "the sound that was tapped is not loaded")
        found.locator("input[type=file]").set_input_files(index)
        found.get_by_text("no recording that this browser can read").wait_for()
        live.end(signal.SIGINT)
    assert_nothing_left()


def tap_somewhere(page: Page, face: Locator) -> str:
    """Tap the first sound that lies under a finger that looks for one; its name."""
    face.scroll_into_view_if_needed()
    box, label = face.bounding_box(), face.locator(".label")
    assert box is not None
    for y in np.arange(10.0, box["height"], 20.0):
        for x in np.arange(10.0, box["width"], 20.0):
            page.mouse.move(box["x"] + x, box["y"] + y)
            if label.is_visible():
                page.touchscreen.tap(box["x"] + x, box["y"] + y)
                return label.inner_text()
    raise AssertionError("no sound is on the map")


def milliseconds(text: str) -> float:
    return float(text.replace("−", "-").split()[0])
