"""What can be asked of the loop player, and what it starts with."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from tsumami.engine.loops.assembly import check_bars
from tsumami.engine.loops.wishes import LoopKind, Wish

MOST_SEEDS: Final = 1 << 20


class LoopControl(IntEnum):
    """Index of a LOOP event; its value is 0-1 where nothing else is said, and buttons act from 0.5."""

    LEVEL = 0  # linear gain, 0-4
    MUTE = 1
    TURN = 2  # from the present seed to the next one
    DENSITY = 3
    BRIGHTNESS = 4
    SEED = 5  # its number
    NEXT = 6  # button: the next seed
    UNDO = 7  # button: the seed before
    HOLD = 8  # what plays goes on, whatever is turned
    TEMPO = 9  # bpm
    BAR = 10  # nanoseconds of the clock at which a bar begins
    SOLO = 11  # all else that the strip plays is silent


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """What a loop player starts with; ``model`` is a file or its bytes, or the one that ships.

    Tempos that are not played are played in half or double time.

    `ParameterError` for what is not played.
    """

    kind: LoopKind = "bass"
    bpm: float = 120.0
    bars: int = 1
    seed: int = 1
    density: float = 0.5
    brightness: float = 0.5
    level_db: float = -6.0
    model: str | bytes | None = None

    def __post_init__(self) -> None:
        check_bars(self.bars)
        Wish(self.kind, self.bpm, self.density, self.brightness)
