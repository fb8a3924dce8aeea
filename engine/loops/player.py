"""The loop player as a stage of the strip: adds its loop to whatever passes."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.events import EVENT_DTYPE, Events
from tsumami.engine.jit import kernel
from tsumami.engine.loops.assembly import SLOWEST_BPM, loop_frames
from tsumami.engine.loops.choice import Chooser, LoopChoice
from tsumami.engine.loops.controls import LoopSettings
from tsumami.engine.loops.generator import LoopGenerator
from tsumami.engine.loops.loudness import evened
from tsumami.engine.loops.outline import OUTLINE_POINTS, outline
from tsumami.engine.loops.player_kernels import FRESH, MIDDLE_OFFSET, SLOT, process
from tsumami.engine.loops.player_state import MOST_FADE, PLAYER_DTYPE, SLOTS
from tsumami.engine.memory import exchange
from tsumami.engine.ring import Ring

_FADE_SECONDS: Final = 0.02
_SMOOTHING_SECONDS: Final = 0.01


@kernel
def _hand_over(stage: int, slot: int) -> int:
    """Give a filled slot for the one in between. [the thread that makes loops]"""
    given: int = exchange(stage + MIDDLE_OFFSET, slot | FRESH) & SLOT
    return given


class LoopPlayer:
    """Plays loops of a generator in whole bars: a `tsumami.engine.stage.Stage` without latency.

    LOOP events ask for what is played; see `LoopControl`. `advance`, called from one other thread, makes what
    was asked for, and the next bar line takes it; until then, and while it is being made, the loop goes
    round. Both sides of the strip get the same.
    """

    latency_samples = 0

    def __init__(self, settings: LoopSettings) -> None:
        self.settings = settings
        self._generator = LoopGenerator(settings.model)
        self._chooser = Chooser(settings)
        self._made: LoopChoice | None = None
        self._state = np.zeros(1, PLAYER_DTYPE)
        self._sounds: npt.NDArray[np.float32] = np.zeros((SLOTS, 0), np.float32)
        self._sample_rate = 0.0
        self.seeds: npt.NDArray[np.int64] = np.zeros(SLOTS, np.int64)
        """Of the loop in each slot."""
        self.outlines: npt.NDArray[np.int8] = np.zeros((SLOTS, 2, OUTLINE_POINTS), np.int8)
        """See `outline`."""
        self.asked = Ring.allocate(EVENT_DTYPE, 256)
        """LOOP events for `advance`."""

    @property
    def process_address(self) -> int:
        """Address of the compiled C function."""
        return int(process.address)

    @property
    def state_address(self) -> int:
        """Address of the state record; valid as long as the object lives."""
        return int(self._state.ctypes.data)

    @property
    def playing(self) -> npt.NDArray[np.float32]:
        """A copy of the loop that sounds, before its level. [not while the strip runs]"""
        held = int(self["held"])
        return self._sounds[held, : int(self["length"][held])].copy()

    @property
    def place(self) -> float:
        """How far the loop that sounds has come, 0-1."""
        return int(self["place"]) / max(int(self["length"][self["held"]]), 1)

    @property
    def waiting(self) -> int:
        """Slot of the loop that the next bar line takes; -1 where there is none."""
        middle = int(self["middle"])
        return middle & SLOT if middle & FRESH else -1

    @property
    def choice(self) -> LoopChoice | None:
        """Of the loop that was made last."""
        return self._made

    def prepare(self, sample_rate: float, block_size: int) -> None:  # noqa: ARG002
        """Get ready for any blocks, and make the first loop."""
        self._sample_rate = sample_rate
        most = loop_frames(SLOWEST_BPM, self.settings.bars, sample_rate)
        self._sounds = np.zeros((SLOTS, most), np.float32)
        level = 10.0 ** (self.settings.level_db / 20.0)
        fields = {
            "sounds": self._sounds.ctypes.data,
            "most": most,
            "asked_ring": self.asked.address,
            "sample_rate": sample_rate,
            "smoothing": 1.0 - np.exp(-1.0 / (_SMOOTHING_SECONDS * sample_rate)),
            "fade": min(round(_FADE_SECONDS * sample_rate), MOST_FADE),
            "middle": 1,
            "filled": 2,
            "bar_in": -1,
            "level": level,
            "level_target": level,
            "beside": 1.0,
            "beside_target": 1.0,
        }
        self._state.view(np.uint8)[:] = 0
        for name, value in fields.items():
            self._state[0][name] = value
        self._made = self._chooser.choice
        self._fill(0, self._made)

    def reset(self) -> None:
        """Begin the loop anew."""
        for name in ("place", "tail_left"):
            self._state[0][name] = 0
        self._state[0]["bar_in"] = -1

    def advance(self) -> bool:
        """Make the loop that is wanted, where it is another than the last; whether it was. [one thread]"""
        for item in self.asked.pop():
            self._chooser.ask(int(item["index"]), float(item["value"]))
        wanted = self._chooser.choice
        if wanted == self._made:
            return False
        slot = int(self["filled"])
        self._fill(slot, wanted)
        self._made = wanted
        self._state[0]["filled"] = _hand_over(self.state_address, slot)
        return True

    def ask(self, events: Events) -> None:
        """Take LOOP events past the audio thread: for tests and offline work."""
        self.asked.push(events)

    def __getitem__(self, field: str) -> Any:
        """The present value of a field of the record."""
        return self._state[field][0]

    def _fill(self, slot: int, choice: LoopChoice) -> None:
        loop = self._generator.loop(
            choice.seed, choice.wish, bars=choice.bars, turn=choice.turn, sample_rate=self._sample_rate
        )
        self._sounds[slot, : len(loop)] = evened(loop)
        self.seeds[slot], self.outlines[slot] = choice.seed, outline(self._sounds[slot, : len(loop)])
        self._state[0]["length"][slot], self._state[0]["bars"][slot] = len(loop), choice.bars
        self._state[0]["made"] += 1
