"""The thread beside a loop player: makes what was asked for ahead of the bar line, and tells the meters."""

import threading
import time
from typing import Final

from tsumami.engine.loops.player import LoopPlayer
from tsumami.engine.meter_block import MeterBlock
from tsumami.engine.meters import record_duration

_REST_SECONDS: Final = 0.01


class LoopThread(threading.Thread):
    """Keeps a `LoopPlayer` supplied, until `stop`."""

    def __init__(self, player: LoopPlayer, meters: MeterBlock) -> None:
        super().__init__(name="loops", daemon=True)
        self._player, self._meters = player, meters
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until `stop`."""
        self._publish()
        while not self._stopping.wait(_REST_SECONDS):
            self.advance()

    def advance(self) -> None:
        """Make a loop if another is wanted."""
        began = time.perf_counter_ns()
        if self._player.advance():
            record_duration(self._meters["loop_load"], time.perf_counter_ns() - began)
        self._publish()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping.set()
        self.join()

    def _publish(self) -> None:
        player, meters = self._player, self._meters
        if player.choice is not None:
            meters["loop_seed"], meters["loop_bpm"] = player.choice.seed, player.choice.wish.bpm
        meters["loops_made"] = player["made"]
        meters["loop_changes"] = player["changes"]
        meters["loop_slot_seeds"][:], meters["loop_slot_bars"][:] = player.seeds, player["bars"]
        meters["loop_outlines"][:] = player.outlines
        meters["loop_sounds"], meters["loop_waits"] = player["held"], player.waiting
        meters["loop_place"] = player.place
