"""Which loop is wanted: a seed, how far towards the next, and what is wished of it."""

from dataclasses import dataclass, field, replace
from typing import Final

from tsumami.engine.loops.assembly import FASTEST_BPM, SLOWEST_BPM
from tsumami.engine.loops.controls import MOST_SEEDS, LoopControl, LoopSettings
from tsumami.engine.loops.wishes import Wish

_MOST_UNDONE: Final = 64
_PRESSED: Final = 0.5


@dataclass(frozen=True, slots=True)
class LoopChoice:
    """Everything by which a loop is made; the same choice makes the same loop."""

    seed: int
    turn: float
    bars: int
    wish: Wish


@dataclass(slots=True)
class Chooser:
    """Takes what is asked, in order; `choice` is what it comes to.

    While it is held only the tempo goes on to count.
    """

    settings: LoopSettings
    seed: int = 0
    turn: float = 0.0
    bpm: float = 120.0
    density: float = 0.5
    brightness: float = 0.5
    _held: LoopChoice | None = None
    _earlier: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = self.settings
        self.seed, self.bpm = settings.seed, _played(settings.bpm)
        self.density, self.brightness = settings.density, settings.brightness

    @property
    def choice(self) -> LoopChoice:
        """The loop that is to be played."""
        if self._held is not None:
            return replace(self._held, wish=replace(self._held.wish, bpm=self.bpm))
        return self._free

    @property
    def _free(self) -> LoopChoice:
        wish = Wish(self.settings.kind, self.bpm, self.density, self.brightness)
        return LoopChoice(self.seed, self.turn, self.settings.bars, wish)

    def ask(self, control: int, value: float) -> None:
        """Take one LOOP event; numbers beyond what is played are taken for the nearest that are."""
        match control:
            case LoopControl.TURN:
                self.turn = _share(value)
            case LoopControl.DENSITY:
                self.density = _share(value)
            case LoopControl.BRIGHTNESS:
                self.brightness = _share(value)
            case LoopControl.SEED:
                self._go_to(round(value))
            case LoopControl.NEXT if value >= _PRESSED:
                self._go_to(self.seed + 1)
            case LoopControl.UNDO if value >= _PRESSED and self._earlier:
                self.seed, self.turn = self._earlier.pop(), 0.0
            case LoopControl.HOLD:
                self._hold(is_held=value >= _PRESSED)
            case LoopControl.TEMPO:
                self.bpm = _played(value)
            case _:
                pass

    def _go_to(self, seed: int) -> None:
        if seed != self.seed:
            self._earlier = [*self._earlier[1 - _MOST_UNDONE :], self.seed]
            self.seed, self.turn = min(max(seed, 0), MOST_SEEDS), 0.0

    def _hold(self, *, is_held: bool) -> None:
        if not is_held:
            self._held = None
        elif self._held is None:
            self._held = self._free


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _played(bpm: float) -> float:
    """A tempo that is played: this one, or half or twice as fast, again and again."""
    bpm = max(bpm, 1.0)
    while bpm < SLOWEST_BPM:
        bpm *= 2.0
    while bpm > FASTEST_BPM:
        bpm /= 2.0
    return bpm
