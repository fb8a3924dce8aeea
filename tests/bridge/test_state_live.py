"""Snapshots, morphs and resuming of live sessions."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.bridge.live_process import LiveProcess, running_live
from tests.leftovers import assert_nothing_left
from tsumami.bridge.osc.packets import message, read_packet
from tsumami.bridge.state.files import read_state

DEADLINE_SECONDS = 20.0


class Remote:
    """OSC to a live session."""

    def __init__(self, live: LiveProcess) -> None:
        live.wait_for("OSC on 127.0.0.1:")
        self._to = ("127.0.0.1", int(live.said.split("OSC on 127.0.0.1:")[1].split()[0]))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(DEADLINE_SECONDS)

    def __enter__(self) -> "Remote":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, address: str, *values: Any) -> None:
        self._socket.sendto(message(address, *values).dgram, self._to)

    def wait_for(self, address: str, condition: Callable[[float], bool]) -> float:
        """The first position of an address that is as is waited for."""
        self.send("/tsumami/subscribe")
        while True:
            for each in read_packet(self._socket.recv(65_536)):
                if each.address == address and condition(each.values[0]):
                    return float(each.values[0])


CUTOFF = "/tsumami/parameter/cutoff"


def test_a_session_that_is_killed_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    session = tmp_path / "show.toml"
    session.write_text("[osc]\nport = 0\n")
    args = (str(session), "--device", "null", "--no-demo")
    with running_live(*args) as live, Remote(live) as remote:
        remote.send("/tsumami/patch", 2)
        remote.send(CUTOFF, 0.123)
        remote.wait_for(CUTOFF, lambda position: position == pytest.approx(0.123))
        live.until(lambda: _kept(tmp_path / "state", 0.123), "it was not written down")
        os.kill(live.process.pid, signal.SIGKILL)
        live.process.wait()
    with running_live(*args, "--resume") as live, Remote(live) as remote:
        live.wait_for("resumed (Acid Line)")
        remote.wait_for(CUTOFF, lambda position: position == pytest.approx(0.123))
        live.end(signal.SIGINT)
    assert_nothing_left()


def _kept(folder: Path, cutoff: float) -> bool:
    states = [read_state(path).now for path in folder.rglob("*.json")]
    return any(now is not None and now.positions[CUTOFF] == pytest.approx(cutoff) for now in states)


def test_a_live_morph_goes_through_the_latent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    session = tmp_path / "show.toml"
    session.write_text("[osc]\nport = 0\n")
    with running_live(str(session), "--device", "null", "--no-demo") as live, Remote(live) as remote:
        for slot, patch in ((1, "Deep Sub"), (2, "Acid Line")):
            remote.send("/tsumami/patch", patch)
            live.until(lambda wanted=patch: _sounds(tmp_path / "state", wanted), "the patch was not loaded")
            remote.send("/tsumami/snapshot/store", slot)
            live.wait_for(f"snapshot {slot} stored ({patch})")
        slots = read_state(tmp_path / "show.snapshots.json").slots
        first, second = (slots[slot].positions[CUTOFF] for slot in (1, 2))
        places = []
        for share, way in ((0.0, ""), (0.5, ""), (0.5, "/straight"), (1.0, "")):
            remote.send(f"/tsumami/morph{way}", 1, 2, share)
            before = places[-1] if places else second
            places.append(remote.wait_for(CUTOFF, lambda position, last=before: abs(position - last) > 1e-4))
        assert places[0] == pytest.approx(first, abs=1e-6)
        assert places[2] == pytest.approx((first + second) / 2, abs=1e-6)
        assert places[3] == pytest.approx(second, abs=1e-6)
        assert abs(places[1] - places[2]) > 1e-4, "the latent's way is not the straight one"
        live.end(signal.SIGINT)
    assert_nothing_left()


def _sounds(folder: Path, sound: str) -> bool:
    states = [read_state(path).now for path in folder.rglob("*.json")]
    return any(now is not None and now.sound == sound for now in states)


@pytest.mark.slow
def test_snapshots_switch_without_a_click(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No step at a switch is larger than the steps of the sounds themselves."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    take, session = tmp_path / "take.wav", tmp_path / "show.toml"
    session.write_text('[osc]\nport = 0\n[instrument]\npatch = "Warm Evening"\n')
    with (
        running_live(str(session), "--device", "null", "--no-demo", "--record", str(take)) as live,
        Remote(live) as remote,
    ):
        for slot, cutoff in ((1, 0.5), (2, 0.7)):
            remote.send(CUTOFF, cutoff)
            remote.wait_for(CUTOFF, lambda position, wanted=cutoff: position == pytest.approx(wanted))
            remote.send("/tsumami/snapshot/store", slot)
            live.wait_for(f"snapshot {slot} stored")
        remote.send("/tsumami/note", 48, 0.8)
        for turn in range(10):
            remote.send("/tsumami/snapshot/recall", 1 + turn % 2)
            live.wait_for(f"snapshot {1 + turn % 2} (", times=1 + turn // 2)
            remote.wait_for(
                CUTOFF, lambda position, wanted=(0.5, 0.7)[turn % 2]: position == pytest.approx(wanted)
            )
        remote.send("/tsumami/panic")
        live.end(signal.SIGINT)
    audio, _ = soundfile.read(take)
    sounding = np.flatnonzero(np.abs(audio).max(axis=1) > 1e-4)
    held = audio[sounding[0] : sounding[-1]]
    second = np.abs(np.diff(held, 2, axis=0)).max(axis=1)
    assert second.max() < 12 * np.percentile(second, 99), "a click is far above what the sound itself does"
    assert_nothing_left()
