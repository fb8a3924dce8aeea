"""The repair in an engine process that plays to a real JACK server, fed by another with losses."""

import numpy as np
import numpy.typing as npt

from tests.jack import JackServer
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

_RATE, _PACKET = 48_000, 128
_SECONDS = 3
_CONFIG = EngineConfig(
    memory_name="",
    instrument=StageSource("tests.engine.tone:Tone"),
    values=(0.5, 0.5),
    input_stages=(StageSource("tsumami.engine.restoration.repair_stage:RepairStage"),),
    settings=StripSettings(sample_rate=_RATE, block_size=128, input=InputSettings(source="ring")),
    device=DeviceRequest(api="JACK"),
    recording=True,
)


def _music() -> npt.NDArray[np.float32]:
    """Chords with overtones that change four times a second and die away, ``[frames]``."""
    times = np.arange(_SECONDS * _RATE) / _RATE
    beat = np.floor(times * 4)
    root = 110 * 2 ** (np.mod(beat * 5, 12) / 12)
    phase = 2 * np.pi * np.cumsum(root) / _RATE
    chord = sum(np.sin(phase * ratio * n) / n for ratio in (1, 1.25, 1.5) for n in range(1, 6))
    return (0.1 * chord * np.exp(-3 * (times - beat / 4))).astype(np.float32)


def _is_lost(frames: int) -> npt.NDArray[np.bool_]:
    """Each packet by itself with a chance of 5 %, the first half second kept."""
    lost = np.random.default_rng(11).random(frames // _PACKET) < 0.05
    lost[: _RATE // 2 // _PACKET] = False
    return np.repeat(lost, _PACKET)


def test_what_packets_lose_is_played_nearer_to_the_truth_than_silence(jack_server: JackServer) -> None:
    said: list[str] = []
    client = EngineClient(_CONFIG, lambda message: said.append(message.text))
    receiver = SessionMemory.attach(client.memory.name)
    try:
        client.launch()
        assert "JACK" in client.wait_ready().device, jack_server.name
        truth = _music()
        lost = _is_lost(len(truth))
        frames = input_frames(np.where(lost, np.float32(0.0), truth)[:, None])
        frames["is_lost"] = lost
        heard = _played(client, receiver, frames, said)
        meters = client.memory.meters
        assert meters["repair_fits"] > 50
        assert meters["repair_plans"] > 1
        assert meters["repair_gaps"] >= (np.diff(lost.astype(int)) == 1).sum()
        assert meters["repair_samples"] >= lost.sum()
        begun = int(np.flatnonzero(heard)[0]) - int(np.flatnonzero(truth)[0])
        aligned = heard[begun : begun + len(truth)]
    finally:
        receiver.close()
        client.close()
    error_db = 10 * np.log10(((aligned - truth)[lost] ** 2).sum() / (truth[lost] ** 2).sum())
    # The chords' beginnings cannot be foreseen, and a busy machine's fits are old.
    assert error_db < -1, "filled with zeros it is 0 dB"
    mixed = np.convolve(lost, np.ones(round(0.002 * _RATE) + 1))[: len(lost)] > 0
    np.testing.assert_array_equal(aligned[~mixed], truth[~mixed])


def _played(
    client: EngineClient, receiver: SessionMemory, frames: npt.NDArray[np.void], said: list[str]
) -> npt.NDArray[np.float32]:
    """The left output while the frames are fed, as many at a time as there is room for."""
    fed, kept = 0, [np.zeros(0, np.float32)]

    def is_over() -> bool:
        nonlocal fed
        room = receiver.input.capacity - len(receiver.input)
        if fed < len(frames) and room >= _PACKET:
            assert receiver.input.push(frames[fed : fed + room])
            fed += room
        kept.append(client.memory.recording.pop()["left"].copy())
        after = _RATE // 2
        return sum(map(len, kept)) >= len(frames) + after and len(receiver.input) == 0

    until(is_over, said)
    return np.concatenate(kept)
