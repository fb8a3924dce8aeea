"""A real plugin in its process, and its stage in this one."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine import Stage, run_stage
from tsumami.engine.events import NO_EVENTS, Events, Kind, event
from tsumami.engine.instrument import create_effect
from tsumami.plugins.hosted.client import PluginClient, PluginSource
from tsumami.plugins.hosted.settings import INSTRUMENT

SAMPLE_RATE = 48000
_DEADLINE_SECONDS = 60.0

Audio = npt.NDArray[np.float32]


class Hosted:
    """A plugin that plays; ``said`` is what its supervisor has reported."""

    def __init__(self, client: PluginClient, said: list[str], block_size: int) -> None:
        self.client, self.said = client, said
        self.block_size = block_size
        self.stage: Stage = create_effect(client.stage())
        self.stage.prepare(SAMPLE_RATE, block_size)

    def play(self, frames: int, *events: Events, audio: Audio | None = None) -> Audio:
        """Sound of ``frames``, in blocks, float32 ``[2, frames]``; the events belong to the first block."""
        parts, given = [], np.concatenate([NO_EVENTS, *events])
        for start in range(0, frames, self.block_size):
            count = min(self.block_size, frames - start)
            part = None if audio is None else audio[:, start : start + count]
            parts.append(run_stage(self.stage, count, given, part))
            given = NO_EVENTS
        return np.concatenate(parts, axis=1)

    def move(self, name: str, value: float) -> Events:
        """Event that moves a parameter at the start of a block."""
        return event(Kind.PARAMETER, self.client.parameters.find(name), value, time=0)

    def value(self, name: str) -> float:
        """Where a parameter stands, as the plugin's process says."""
        return float(self.client.memory.meters["values"][self.client.parameters.find(name)])

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition, with a deadline."""
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"{what}; it was said: {self.said}"
            time.sleep(0.01)

    def has_said(self, words: str) -> bool:
        """Whether the supervisor has reported something with these words."""
        return any(words in sentence for sentence in self.said)


@contextlib.contextmanager
def hosted(
    path: Path,
    block_size: int = 64,
    *,
    place: int = INSTRUMENT,
    patience_seconds: float = 20.0,
    **source: Any,
) -> Iterator[Hosted]:
    """A plugin in its process for the time of the block; with patience no answer is missed."""
    said: list[str] = []
    client = PluginClient(
        PluginSource(path, place=place, **source),
        SAMPLE_RATE,
        block_size,
        said.append,
        patience_seconds=patience_seconds,
    )
    try:
        client.launch()
        client.wait_ready()
        yield Hosted(client, said, block_size)
    finally:
        client.close()
