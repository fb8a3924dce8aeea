"""A hosted plugin's stage whose requests the test itself answers, in time, late or never."""

import multiprocessing
from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.events import NO_EVENTS, Events
from tsumami.engine.shared import FRAME_DTYPE
from tsumami.engine.stage import run_stage
from tsumami.plugins.hosted.memory import BLOCK_DTYPE, HostedMemory
from tsumami.plugins.hosted.settings import INSTRUMENT, HostedSettings
from tsumami.plugins.hosted.stage import HostedPlugin

Audio = npt.NDArray[np.float32]


class AnsweredStage:
    """The stage of an instrument, or of the effect at ``place``, and the far side of its rings."""

    def __init__(self, block_size: int = 64, *, place: int = INSTRUMENT, **settings: Any) -> None:
        self.memory = HostedMemory.create()
        self.memory.meters["is_up"] = 1
        bell = multiprocessing.get_context("spawn").Semaphore(0)
        self.stage = HostedPlugin(HostedSettings(self.memory.name, bell, "test", place, **settings))
        self.stage.prepare(48000.0, block_size)
        self.generation = 1

    def play(self, frames: int, audio: Audio | None = None, events: Events = NO_EVENTS) -> Audio:
        """One block of the stage, float32 ``[2, frames]``."""
        return run_stage(self.stage, frames, events, audio)

    def requests(self) -> list[tuple[int, int]]:
        """Position and frames of the blocks that were asked for since the last call."""
        return [(position, frames) for position, frames, _ in self.memory.ring("requests").pop().tolist()]

    def answer(self, position: int, sound: Audio) -> None:
        """Answer with ``sound``, float32 ``[2, frames]``, from ``position`` on."""
        frames = np.ascontiguousarray(sound.T).view(FRAME_DTYPE)[:, 0]
        assert self.memory.ring("output").push(frames)
        block = np.array([(position, len(frames), self.generation)], BLOCK_DTYPE)
        assert self.memory.ring("answers").push(block)

    def asked_input(self, frames: int) -> Audio:
        """Input of an effect, as it was sent, float32 ``[2, frames]``."""
        taken = self.memory.ring("input").pop(frames)
        return np.ascontiguousarray(taken.view(np.float32).reshape(-1, 2).T)

    def close(self) -> None:
        """Remove the shared memory."""
        del self.stage
        self.memory.close()
