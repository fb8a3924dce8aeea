"""What the page's process hears of the input: a thread beside its pictures, for groove and timbre."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tsumami.bridge.page.memory import PageMemory
from tsumami.engine.errors import TsumamiError

if TYPE_CHECKING:
    from tsumami.bridge.groove.reference_file import ReferenceHits
    from tsumami.bridge.page.ear import TimbreEar
    from tsumami.bridge.page.groove import GrooveLanes

BUILTIN: Final = "builtin"
"""What stands for the index of the built-in bank."""
_PERIOD_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class HearingConfig:
    """What is to be heard, and how.

    ``memory_name`` is of the `GrooveMemory` that the input's tap writes, None without an input; ``timbre`` is
    an index, `BUILTIN` or None. ``latency_seconds`` is from a beat of the session to the sample at which
    a hit on it is heard.
    """

    memory_name: str | None
    sample_rate: int
    has_groove: bool = False
    reference: "ReferenceHits | None" = None
    latency_seconds: float = 0.0
    timbre: str | None = None


class Hearing(threading.Thread):
    """Follows the input until `stop`; ``put`` takes a document by what it is of.

    Nothing is worked out while nobody looks, but hits are kept.
    """

    def __init__(
        self, config: HearingConfig, memory: PageMemory, put: Callable[[str, dict[str, Any]], None]
    ) -> None:
        super().__init__(name="hearing", daemon=True)
        self._config, self._memory, self._put = config, memory, put
        self._stopping = threading.Event()
        self._lanes: GrooveLanes | None = None
        self.ear: TimbreEar | None = None
        """What finds sounds; None until it is there, or where nothing is to be found."""

    def run(self) -> None:
        """Until `stop`; what cannot be heard is said on the page, which goes on without it."""
        try:
            self._open()
            if self._config.memory_name is not None:
                self._follow(self._config.memory_name)
        except TsumamiError as error:
            self._put("heard", {"is": "heard", "error": str(error)})

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping.set()
        self.join()

    def _open(self) -> None:
        config = self._config
        if config.has_groove:
            self._lanes = self._open_lanes()
        if config.timbre is not None:
            from tsumami.bridge.page.ear import TimbreEar

            ear = TimbreEar(None if config.timbre == BUILTIN else Path(config.timbre), config.sample_rate)
            self._put("map", ear.map_document())
            self.ear = ear

    def _open_lanes(self) -> "GrooveLanes":
        # Here, so that a page without lanes does without their kernels.
        from tsumami.bridge.groove.live_grid import ClockGrid, ReferenceGrid
        from tsumami.bridge.page.groove import GrooveLanes, SessionClock

        config = self._config
        tempo = ClockGrid(SessionClock(self._memory))
        reference = None if config.reference is None else ReferenceGrid(config.reference)
        return GrooveLanes(config.sample_rate, tempo, reference, config.latency_seconds)

    def _follow(self, memory_name: str) -> None:
        from tsumami.engine.groove.live_memory import GrooveMemory

        heard = GrooveMemory.attach(memory_name)
        try:
            while not self._stopping.wait(_PERIOD_SECONDS):
                self._look(heard)
        finally:
            heard.close()

    def _look(self, heard: Any) -> None:
        """Take what is new; the blocks last come first, for their samples are there."""
        hits, blocks = heard.ring("hits").pop(), heard.ring("heard").pop()
        audio = heard.ring("audio").pop(int(blocks["frames"].sum()))
        is_watched = self._memory.meters["clients"] > 0
        if self._lanes is not None:
            self._lanes.ask(self._memory.meters["groove"].tolist())
            self._lanes.take(blocks, hits)
            if is_watched and self._lanes.is_new:
                self._put("groove", self._lanes.document())
        if self.ear is not None and is_watched:
            for found in self.ear.hear(audio):
                self._put("heard", found)
