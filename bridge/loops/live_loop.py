"""The loop player of a live session: its place in the engine, and the tempo that it goes by."""

import math
import time
from typing import Any, Final

from tsumami.bridge.mapping.positions import Positions
from tsumami.bridge.session.tables import Loop, Session
from tsumami.bridge.tempo import Tempo
from tsumami.bridge.tempo.beat import BEATS_IN_BAR
from tsumami.engine import EngineClient
from tsumami.engine.config import StageSource
from tsumami.engine.events import Kind, event
from tsumami.engine.loops.controls import LoopControl, LoopSettings
from tsumami.engine.meter_block import MeterBlock

_STAGE: Final = "tsumami.engine.loops.player:LoopPlayer"
_TOO_LATE_NS: Final = 20_000_000
"""A bar line that is nearer is not told again: the player would hear of it when it has passed."""
_OFF: Final = (LoopControl.TURN, LoopControl.MUTE, LoopControl.SOLO, LoopControl.HOLD)
"""What a session begins without."""
_STEADY: Final = 5e-4
"""Share of a tempo by which a clock from outside wavers."""


def loop_stage(session: Session) -> StageSource:
    """What the engine makes the player from, in a session with a loop."""
    loop = session.loop
    assert loop.kind != "none", "a session without a loop has no player"
    settings = LoopSettings(
        kind=loop.kind,
        bpm=session.tempo.bpm,
        bars=loop.bars,
        seed=loop.seed,
        density=loop.density,
        brightness=loop.brightness,
        level_db=loop.level_db,
        model=loop.model,
    )
    return StageSource(_STAGE, (settings,))


class LiveLoop:
    """Tells the loop player the tempo, and where bars begin where somebody else counts them too."""

    def __init__(self, loop: Loop, client: EngineClient, tempo: Tempo, positions: Positions) -> None:
        self._client, self._tempo = client, tempo
        self._bpm = tempo.beat.bpm
        self._seed, self._restarts = loop.seed, client.restart_count
        begins = {
            LoopControl.LEVEL: 10.0 ** (loop.level_db / 20.0),
            LoopControl.DENSITY: loop.density,
            LoopControl.BRIGHTNESS: loop.brightness,
            LoopControl.SEED: float(loop.seed),
            **dict.fromkeys(_OFF, 0.0),
        }
        for control, value in begins.items():
            positions.put(Kind.LOOP, control, value)

    def follow(self) -> None:
        """Look at the tempo; some ten times a second."""
        self._resume()
        beat, is_led = self._tempo.beat, self._tempo.document()["source"] != "own"
        off = abs(beat.bpm / self._bpm - 1.0)
        if off > (_STEADY if is_led else 0.0):
            self._bpm = beat.bpm
            self._client.send(event(Kind.LOOP, LoopControl.TEMPO, beat.bpm))
        if self._tempo.is_running:
            now = time.perf_counter_ns()
            line_ns = beat.ns_of(math.ceil(beat.at(now) / BEATS_IN_BAR) * BEATS_IN_BAR)
            if line_ns - now > _TOO_LATE_NS:
                self._client.send(event(Kind.LOOP, LoopControl.BAR, line_ns))

    def _resume(self) -> None:
        """An engine that was started again begins with the session's seed: go on with the last."""
        if self._client.restart_count == self._restarts:
            self._seed = int(self._client.memory.meters["loop_seed"])
            return
        self._restarts = self._client.restart_count
        self._client.send(event(Kind.LOOP, LoopControl.SEED, self._seed))


def loop_document(meters: MeterBlock) -> dict[str, Any]:
    """What the player has done, for a summary."""
    return {
        "seed": int(meters["loop_seed"]),
        "bpm": round(float(meters["loop_bpm"]), 2),
        "made": int(meters["loops_made"]),
        "changes": int(meters["loop_changes"]),
    }
