"""The tools that the other tests trust: the JACK server is one, and leftovers are found."""

import os
import subprocess
import sys
from multiprocessing import shared_memory

import psutil
import pytest

from tests import leftovers
from tests.command import tsumami_environment
from tests.jack import JackServer

_SLEEPER = "import time; time.sleep(600)"


def test_jack_server_has_the_ports_of_a_sound_card(jack_server: JackServer) -> None:
    assert {"system:playback_1", "system:playback_2"} <= set(jack_server.ports())


def test_forgotten_shared_memory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_DEADLINE_SECONDS", 0.1)
    leftovers.assert_nothing_left("tsumami-forgotten-")
    segment = shared_memory.SharedMemory(f"tsumami-forgotten-{os.getpid()}", create=True, size=64)
    try:
        with pytest.raises(AssertionError, match="shared memory"):
            leftovers.assert_nothing_left("tsumami-forgotten-")
    finally:
        segment.close()
        segment.unlink()
    leftovers.assert_nothing_left("tsumami-forgotten-")


def test_orphan_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_DEADLINE_SECONDS", 0.1)
    before = leftovers.live_processes()
    parent = (
        f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {_SLEEPER!r}], "
        "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)"
    )
    done = subprocess.run(
        [sys.executable, "-c", parent], env=tsumami_environment(), capture_output=True, text=True, check=True
    )
    orphan = psutil.Process(int(done.stdout))
    try:
        with pytest.raises(AssertionError, match="left running"):
            leftovers.assert_nothing_left("tsumami-no-such-", known_processes=before)
    finally:
        orphan.kill()
        orphan.wait(10)
    leftovers.assert_nothing_left("tsumami-no-such-", known_processes=before)
