"""The commands of the first ten minutes, run as the pages show them, in one folder on a JACK server."""

import contextlib
import shlex
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile

from tests.bridge.keyboard import keyboard
from tests.command import tsumami_command, tsumami_environment
from tests.jack import JackServer
from tests.test_docs import ROOT, commands
from tsumami.bridge.session.session import load_session
from tsumami.plugins.builtin.bank import BANK_PATH

PAGES = ("performer", "streamer", "scripter", "troubleshooting", "latency", "osc", "tempo", "snapshots")
RUN = {
    "live": ("--seconds", "0.2", "--no-demo"),
    "learn": (),
    "render better.wav": (),
    "render out.wav": (),
    "render again.wav": (),
    "render --builtin": (),
    "patches": (),
    "restore": ("--force",),
}
"""What is run, and what is added so that it does not take longer than it has to."""
ELSEWHERE = {
    "doctor": "tests/bridge/test_doctor.py",
    "live --plugin": "tests/bridge/test_live_plugin.py",
    "live SESSION": "tests/bridge/test_state_live.py",
    "live --device": "tests/bridge/test_live_jack.py",
    "learn FILE": "tests/bridge/test_learn.py",
    "stream": "tests/bridge/test_stream.py",
    "scan": "tests/bridge/test_scan_command.py",
    "plugin": "tests/bridge/test_scan_command.py",
    "presets": "tests/bridge/test_presets.py",
    "render --plugin": "tests/bridge/test_render_dataset.py",
    "match": "tests/bridge/test_match_command.py",
    "bench": "tests/bridge/test_bench.py",
    "groove --live --calibrate": "tests/bridge/test_groove_live.py",
    "evaluate": "tests/training",
    "train": "tests/training",
}
"""What is tested with its own parts: a plugin, a sender, a cable, a corpus."""
_TIMEOUT_SECONDS = 300.0

_COMMANDS = [
    command for page in PAGES for command in commands((ROOT / f"docs/{page}.md").read_text(encoding="utf-8"))
]
SHOWN = [shlex.split(command)[1:] for command in dict.fromkeys(each.rstrip(" &") for each in _COMMANDS)]


def _begins(words: list[str], beginning: str) -> bool:
    wanted = beginning.split()
    return words[: len(wanted)] == wanted


def _place(words: list[str]) -> tuple[str, str] | None:
    """Where a command is tested, by the longest beginning that it has in common with a row."""
    rows = [("here", beginning) for beginning in RUN] + [("elsewhere", beginning) for beginning in ELSEWHERE]
    fitting = [row for row in rows if _begins(words, row[1])]
    return max(fitting, key=lambda row: len(row[1]), default=None)


def test_every_command_of_these_pages_is_run_somewhere() -> None:
    assert [words for words in SHOWN if _place(words) is None] == []
    assert all((ROOT / path).exists() for path in ELSEWHERE.values())


@pytest.mark.slow
def test_the_first_ten_minutes_go_as_they_are_told(jack_server: JackServer, tmp_path: Path) -> None:
    _prepare(tmp_path)
    learned = 0
    for words in SHOWN:
        place = _place(words)
        if place is None or place[0] != "here" or _is_part_of_another(words):
            continue
        if words[0] == "learn":
            with _turning(jack_server, 30 + learned):
                _run([*words, *RUN[place[1]]], tmp_path)
            learned += 1
        else:
            _run([*words, *RUN[place[1]]], tmp_path)
    _assert_done(tmp_path, learned)


def _is_part_of_another(words: list[str]) -> bool:
    """Whether a longer command does all that a command does."""
    return any(len(other) > len(words) and other[: len(words)] == words for other in SHOWN)


def _prepare(folder: Path) -> None:
    """The files that the pages take for there: a song, a bank, a recording with a list of what it lost."""
    notes = [mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=200)]
    mido.MidiFile(tracks=[mido.MidiTrack(notes)]).save(folder / "song.mid")
    bank = BANK_PATH.read_text(encoding="utf-8").split("[[patch]]")
    (folder / "bank.toml").write_text("[[patch]]".join(bank[:3]), encoding="utf-8")
    show = np.sin(0.05 * np.arange(24_000), dtype=np.float64)
    show[10_240:10_752] = 0.0
    soundfile.write(folder / "show.wav", show, 48_000)
    (folder / "lost.txt").write_text("".join("1" if number == 20 else "0" for number in range(47)))


@contextlib.contextmanager
def _turning(server: JackServer, number: int) -> Iterator[None]:
    """Somebody turns a knob all the while."""
    stopping = threading.Event()

    def turn() -> None:
        with keyboard(server) as keys:
            while not stopping.is_set():
                for value in range(30, 90, 3):
                    keys.send_message([0xB0, number, value])
                time.sleep(0.02)

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _run(words: list[str], folder: Path) -> None:
    done = subprocess.run(
        tsumami_command(*words),
        cwd=folder,
        env=tsumami_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_SECONDS,
    )
    assert done.returncode == 0, f"tsumami {shlex.join(words)}: {done.stderr}"


def _assert_done(folder: Path, learned: int) -> None:
    maps: list[Any] = load_session(folder / "show.toml").maps
    assert [entry.cc for entry in maps[-learned:]] == list(range(30, 30 + learned))
    assert maps[-1].action == "panic"
    written = {path.name for path in folder.iterdir()}
    assert {"take.wav", "take.log", "better.wav", "again.wav", "out.wav", "wavs", "mended.wav"} <= written
    better, again = (soundfile.read(folder / name)[0] for name in ("better.wav", "again.wav"))
    np.testing.assert_array_equal(better, again)
