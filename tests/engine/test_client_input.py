"""The engine process is fed from outside by the input's ring, through its stages, also when restarted."""

import os
import signal

import numpy as np
import numpy.typing as npt
import psutil

from tests.waiting import until
from tsumami.engine import (
    DeviceRequest,
    EngineClient,
    EngineConfig,
    InputSettings,
    StageSource,
    StripSettings,
    input_frames,
)
from tsumami.engine.shared import SessionMemory

_CONFIG = EngineConfig(
    memory_name="",
    instrument=StageSource("tests.engine.tone:Tone"),
    values=(0.5, 0.5),
    input_stages=(StageSource("tests.engine.ear:Ear", (50,)),),
    settings=StripSettings(input=InputSettings(source="ring")),
    device=DeviceRequest("null"),
    recording=True,
)


class _Receiver:
    """Pushes numbered frames as another process would, by the name of the memory."""

    def __init__(self, name: str) -> None:
        self.memory = SessionMemory.attach(name)
        self._next = 1

    def push(self, count: int) -> npt.NDArray[np.float32]:
        samples = (np.arange(self._next, self._next + count) / 2**20).astype(np.float32)
        assert self.memory.input.push(input_frames(samples[:, None]))
        self._next += count
        return samples


def test_a_ring_feeds_the_engine_and_goes_on_feeding_it_after_a_restart() -> None:
    said: list[str] = []
    client = EngineClient(_CONFIG, lambda message: said.append(message.text))
    receiver = _Receiver(client.memory.name)
    try:
        client.launch()
        client.wait_ready()
        sent = receiver.push(10_000)
        np.testing.assert_array_equal(_heard(client, len(sent), said), sent)
        assert client.memory.meters["input_peak"] == sent[-1]
        (engine,) = (
            child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())
        )
        os.kill(engine.pid, signal.SIGKILL)
        receiver.push(500)  # for nobody: not to be heard later
        until(lambda: client.watch() is None and client.restart_count == 1, said)
        client.memory.recording.pop()
        sent = receiver.push(10_000)
        np.testing.assert_array_equal(_heard(client, len(sent), said), sent)
    finally:
        receiver.memory.close()
        client.close()


def _heard(client: EngineClient, count: int, said: list[str]) -> npt.NDArray[np.float32]:
    """So many samples of the output that are not silence."""
    heard = np.zeros(0, np.float32)

    def is_enough() -> bool:
        nonlocal heard
        left = client.memory.recording.pop()["left"]
        heard = np.concatenate([heard, left[left != 0]])
        return len(heard) >= count

    until(is_enough, said)
    return heard
