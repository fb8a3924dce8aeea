"""The engine process: it starts, plays, comes back when it is killed, and leaves nothing behind."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from tsumami.engine import (
    DeviceRequest,
    EngineClient,
    EngineConfig,
    EngineError,
    Kind,
    Message,
    StageSource,
    StripSettings,
    event,
)

_TONE = StageSource("tests.engine.tone:Tone")
_DEADLINE_SECONDS = 60.0


def _config(**changes: object) -> EngineConfig:
    fields: dict[str, object] = {
        "memory_name": "",
        "instrument": _TONE,
        "values": (0.5, 0.5),
        "settings": StripSettings(),
        "device": DeviceRequest("null"),
    }
    return EngineConfig(**(fields | changes))  # type: ignore[arg-type]


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.005)


@pytest.fixture
def running() -> Iterator[tuple[EngineClient, list[Message]]]:
    heard: list[Message] = []
    client = EngineClient(_config(recording=True), heard.append)
    try:
        client.launch()
        heard.append(client.wait_ready())
        yield client, heard
    finally:
        client.close()


def _engine_pid() -> int:
    """The engine process: the child of this one that runs `spawn_main`."""
    children = psutil.Process().children()
    return next(child.pid for child in children if any("spawn_main" in word for word in child.cmdline()))


def test_notes_sound_and_are_echoed_with_their_sample(running: tuple[EngineClient, list[Message]]) -> None:
    client, heard = running
    assert heard[0].kind == "ready"
    assert heard[0].device == "null"
    client.send(event(Kind.NOTE_ON, 60, 0.8, stamp_ns=time.perf_counter_ns()))
    _until(lambda: client.memory.meters["peak"] > 0.4)
    applied = client.memory.applied.pop()
    assert applied["kind"].tolist() == [Kind.NOTE_ON]
    start = int(applied["time"][0])
    _until(lambda: client.memory.meters["sample"] > start + 480)
    client.stop()
    frames = client.memory.recording.pop()
    assert len(frames) == client.memory.meters["sample"]
    assert np.flatnonzero(frames["left"])[0] == start
    assert client.memory.meters["note_latency"].sum() == 1


def test_a_killed_engine_comes_back_and_the_time_line_goes_on(
    running: tuple[EngineClient, list[Message]],
) -> None:
    client, heard = running
    client.send(np.concatenate([event(Kind.GAIN, value=0.5), event(Kind.NOTE_ON, 60, 0.8)]))
    _until(lambda: client.memory.meters["peak"] > 0.2)
    os.kill(_engine_pid(), signal.SIGKILL)
    _until(lambda: client.watch() is None and client.restart_count == 1)
    kinds = [message.kind for message in heard]
    assert kinds == ["ready", "died", "restarted"]
    assert "exit status -9" in heard[1].text
    sample = int(client.memory.meters["sample"])
    assert sample > 0
    client.memory.recording.pop()
    _until(lambda: client.memory.meters["sample"] > sample + 9600)
    quiet = client.memory.recording.pop()
    assert not quiet["left"].any(), "a held note must not survive"
    client.send(event(Kind.NOTE_ON, 62, 0.8))
    _until(lambda: bool(len(frames := client.memory.recording.pop()) and np.abs(frames["left"]).max() > 0.2))
    assert client.memory.meters["peak_now"][0] <= 0.25 + 1e-6, "the gain must be as it was"


def test_an_engine_that_dies_again_and_again_is_given_up(running: tuple[EngineClient, list[Message]]) -> None:
    client, _ = running
    for restarts in range(3):
        os.kill(_engine_pid(), signal.SIGKILL)
        _until(lambda before=restarts: client.watch() is None and client.restart_count > before)
    os.kill(_engine_pid(), signal.SIGKILL)
    with pytest.raises(EngineError, match=r"died 4 times within 60 s.*tsumami doctor"):
        _until(lambda: client.watch() is not None)


def test_nothing_is_left_behind() -> None:
    client = EngineClient(_config(), lambda _: None)
    client.launch()
    client.wait_ready()
    pid, name = _engine_pid(), client.memory.name
    client.close()
    assert not psutil.pid_exists(pid)
    assert not Path("/dev/shm", name).exists()


def test_a_device_that_is_not_there_is_named_with_what_there_is() -> None:
    client = EngineClient(_config(device=DeviceRequest("no such device")), lambda _: None)
    try:
        client.launch()
        with pytest.raises(
            EngineError, match=r"device must be one of: null|no audio output device was found"
        ):
            client.wait_ready()
    finally:
        client.close()
