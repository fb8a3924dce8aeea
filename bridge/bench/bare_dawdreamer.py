"""DawDreamer without Tsumami: the loop that one would write, and ways to have each patch sound as if alone.

``python -m tsumami.bridge.bench.bare_dawdreamer STRATEGY`` reads a pickled `Task` and prints one line of
JSON. It runs in a process of its own, because DawDreamer must be loaded before numba.
"""

import json
import pickle
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.plugins.offline.floor import floor_of

Samples = npt.NDArray[np.float32]

_BLOCK_SIZE = 512
_SILENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Task:
    """Positions 0-1 float32 ``[patches, parameters]``, and the note; ``floor`` to render all twice."""

    plugin: str
    positions: Samples
    sample_rate: int
    note: int
    velocity: int
    hold_seconds: float
    length_seconds: float
    warm_up_seconds: float
    floor: bool


class Loop:
    """One engine with one plugin."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.instance = self.load()

    def load(self) -> tuple[Any, Any]:
        """A new engine and plugin."""
        from dawdreamer import RenderEngine  # pyright: ignore[reportAttributeAccessIssue]

        engine = RenderEngine(self.task.sample_rate, _BLOCK_SIZE)
        plugin = engine.make_plugin_processor("plugin", self.task.plugin)
        engine.load_graph([(plugin, [])])
        return engine, plugin

    def render(self, values: Samples) -> Samples:
        """One note of one patch, ``[channels, frames]``."""
        engine, plugin = self.instance
        for index, value in enumerate(values):
            plugin.set_parameter(index, float(value))
        plugin.clear_midi()
        start = self.task.warm_up_seconds
        plugin.add_midi_note(self.task.note, self.task.velocity, start, self.task.hold_seconds)
        engine.render(start + self.task.length_seconds)
        audio: Samples = engine.get_audio()
        return audio


class Reloading(Loop):
    """A new instance for every patch."""

    def render(self, values: Samples) -> Samples:
        """Load, then render."""
        self.instance = self.load()
        return super().render(values)


class Restoring(Loop):
    """The state after loading, and a second of silence, before every patch."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._folder = tempfile.TemporaryDirectory()
        self._state = str(Path(self._folder.name, "state.fxb"))  # which is how a VST2 state is saved
        self.instance[1].save_state(self._state)

    def render(self, values: Samples) -> Samples:
        """Restore, be silent, then render."""
        engine, plugin = self.instance
        plugin.load_preset(self._state)
        plugin.clear_midi()
        engine.render(_SILENCE_SECONDS)
        return super().render(values)


STRATEGIES: Final[dict[str, Callable[[Task], Loop]]] = {
    "reuse": Loop,
    "restore": Restoring,
    "reload": Reloading,
}


def measure(loop: Loop) -> dict[str, Any]:
    """Seconds for all patches, and the floor if it was asked for."""
    positions = loop.task.positions
    loop.render(positions[0])  # the first is slower, whichever it is
    began = time.perf_counter()
    if not loop.task.floor:
        for values in positions:
            loop.render(values)
        return {"seconds": time.perf_counter() - began}
    there = [loop.render(values).copy() for values in positions]
    seconds = time.perf_counter() - began
    back = [loop.render(values).copy() for values in positions[::-1]][::-1]
    floor = floor_of(list(zip(there, back, strict=True)), loop.task.sample_rate)
    return {"seconds": seconds, "floor": asdict(floor)}


def main() -> None:
    """Run one strategy; the last line printed is the answer, as plugins print too."""
    task: Task = pickle.load(sys.stdin.buffer)
    print(json.dumps(measure(STRATEGIES[sys.argv[1]](task))), flush=True)


if __name__ == "__main__":
    main()
