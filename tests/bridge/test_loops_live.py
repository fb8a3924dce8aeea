"""Loops in a live session: they go by its tempo, and knobs move them."""

import contextlib
import math
import re
import signal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from pythonosc.udp_client import SimpleUDPClient

from tests.bridge.live_process import LiveProcess, running_live
from tests.command import run_tsumami
from tests.engine.loops_model import tiny_loops
from tsumami.bridge.mapping import targets_of
from tsumami.bridge.session.session import parse_session
from tsumami.bridge.session.setup import set_up
from tsumami.engine.errors import SessionError
from tsumami.engine.events import Kind
from tsumami.engine.loops.controls import LoopControl, LoopSettings
from tsumami.engine.loops.player import LoopPlayer

RATE = 48_000
BPM = 240.0
BAR = RATE
LEVEL_DB = -6.0
FADE = round(0.02 * RATE)

Audio = npt.NDArray[np.float32]

SESSION = f"""
map = []
[device]
name = "null"
[osc]
port = 0
[page]
on = false
[tempo]
bpm = {BPM:g}
[loop]
kind = "bass"
model = "tiny.onnx"
level_db = {LEVEL_DB:g}
"""


def session_in(folder: Path, more: str = "") -> Path:
    (folder / "tiny.onnx").write_bytes(tiny_loops())
    path = folder / "loops.toml"
    path.write_text(SESSION + more)
    return path


def client_of(live: LiveProcess) -> SimpleUDPClient:
    live.wait_for("OSC on ")
    found = re.search(r"OSC on ([\d.]+):(\d+)", live.said)
    assert found is not None
    return SimpleUDPClient(found[1], int(found[2]))


def loop_of(folder: Path, seed: int, bpm: float = BPM) -> Audio:
    """As it should be heard."""
    player = LoopPlayer(LoopSettings(seed=seed, bpm=bpm, level_db=LEVEL_DB, model=str(folder / "tiny.onnx")))
    player.prepare(RATE, 128)
    return np.asarray(10.0 ** (LEVEL_DB / 20.0) * player.playing, np.float32)


def is_at(sound: Audio, begin: int, loop: Audio) -> bool:
    """Whether a bar begins there, but for the crossfade from the bar before."""
    bar = sound[begin + FADE : begin + len(loop)]
    # The gain's float64 against the test's: an ulp of the float32 sample, and a level that still glides.
    return len(bar) == len(loop) - FADE and np.allclose(bar, loop[FADE:], atol=1e-4)


def test_a_session_plays_loops_in_its_tempo(tmp_path: Path) -> None:
    """The first bar is the session's seed; another seed and another tempo come at bar lines, and exactly."""
    take = tmp_path / "take.wav"
    path = session_in(tmp_path)
    first, second = loop_of(tmp_path, 1), loop_of(tmp_path, 64)
    slower = loop_of(tmp_path, 64, 180.0)
    with (
        running_live(str(path), "--no-demo", "--record", str(take)) as live,
        contextlib.closing(client_of(live)) as osc,
    ):
        live.until(lambda: len(recorded(take)) > BAR, "a bar was not recorded")
        osc.send_message("/tsumami/loop/seed", 64 / 127)
        live.until(lambda: bool(lines(recorded(take), second)), "the other seed was not heard")
        osc.send_message("/tsumami/tempo", 180 / 300)
        live.until(lambda: bool(lines(recorded(take), slower, step=1)), "the other tempo was not heard")
        summary = live.end(signal.SIGINT)
    sound = recorded(take)
    assert is_at(sound, 0, first)
    assert min(lines(sound, second)) % BAR == 0
    assert summary["loop"]["seed"] == 64
    assert summary["loop"]["bpm"] == 180.0
    assert summary["loop"]["changes"] >= 2
    assert summary["non_finite"] == 0


def lines(sound: Audio, loop: Audio, step: int = BAR) -> list[int]:
    """Where a loop begins, as far as bars of the first tempo reach; any frame with a ``step`` of 1."""
    if step > 1:
        return [begin for begin in range(0, len(sound) - len(loop), step) if is_at(sound, begin, loop)]
    if len(sound) < len(loop):
        return []
    size = 1 << math.ceil(math.log2(len(sound) + len(loop)))
    likeness = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(loop, size)), size)
    best = int(np.argmax(likeness[: len(sound) - len(loop) + 1]))
    return [best] if is_at(sound, best, loop) else []


def recorded(path: Path) -> Audio:
    """What a take that may still grow holds of the left side."""
    audio, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(audio[:, 0], np.float32)


def test_a_session_without_a_loop_has_no_player() -> None:
    session = parse_session("", Path("none.toml"))
    assert not set_up(session).config.effects
    targets = targets_of(session, macros=(), parameters=())
    assert not [place for place in targets if place[0] == "loop"]


def test_what_a_knob_can_move_is_a_target() -> None:
    session = parse_session('[loop]\nkind = "drums"\n', Path("loops.toml"))
    targets = targets_of(session, macros=(), parameters=())
    level, seed = targets["loop", "level"], targets["loop", "seed"]
    assert (level.kind, level.index) == (Kind.LOOP, LoopControl.LEVEL)
    assert level.value(1.0) == pytest.approx(10 ** (-6 / 20))
    assert [round(seed.value(position / 127)) for position in (0, 64, 127)] == [0, 64, 127]


def test_a_map_of_a_loop_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "session.toml"
    path.write_text('[[map]]\ncc = 20\nloop = "seed"\n')
    with pytest.raises(SessionError, match=r"session.toml:3: map\[0\].loop must be in a session with a loop"):
        set_up(parse_session(path.read_text(), path), path)


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        ("bars = 0", "loop.bars must be"),
        ('kind = "violin"', "loop.kind must be"),
        ("seed = -1", "loop.seed must be"),
    ],
)
def test_a_loop_that_cannot_be_is_refused(field: str, rule: str) -> None:
    with pytest.raises(SessionError, match=rule):
        parse_session(f"[loop]\n{field}\n", Path("loops.toml"))


def test_a_model_of_another_kind_ends_the_session_in_one_line(tmp_path: Path) -> None:
    session_in(tmp_path)
    path = tmp_path / "bad.toml"
    macros = Path(__file__).parents[2] / "engine" / "models" / "macros.onnx"
    path.write_text(f'[loop]\nkind = "bass"\nmodel = "{macros}"\n[page]\non = false\n')
    done = run_tsumami("live", str(path), "--device", "null", "--no-demo", "--seconds", "1")
    assert done.returncode == 2
    assert "kind of macros.onnx must be loops, got macros" in done.stderr
