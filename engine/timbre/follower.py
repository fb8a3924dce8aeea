"""Notes of a played line, one after the other: heard while they last, done when they are let go."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tsumami.engine.timbre.encoder import NoteVectors, TimbreEncoder
from tsumami.engine.timbre.features import SAMPLE_RATE, Samples

HEARD_SECONDS: Final = 2.0
"""Of a note; what it does later is not heard."""

_STEP: Final = SAMPLE_RATE // 100
_BEGINS: Final = 10.0 ** (-45.0 / 20.0)
"""Root mean square of a step with which a note begins."""
_RELEASED: Final = 10.0 ** (-35.0 / 20.0)
"""A note is let go when it is under so much of its loudest step …"""
_RELEASE_STEPS: Final = 3
"""… for so many steps."""
_AGAIN: Final = 10.0 ** (12.0 / 20.0)
"""By how much it rises within `_AGAIN_STEPS` when the next note begins while it sounds."""
_AGAIN_STEPS: Final = 5


@dataclass(frozen=True, slots=True)
class EndedNote:
    """A note with its ``vectors``; its first sample, and the one at which it was known to be over."""

    vectors: NoteVectors
    samples: Samples
    """What was heard of it."""
    begin: int
    end: int


class NoteFollower:
    """`follow` takes mono float32 at `SAMPLE_RATE` in pieces of any size and returns the notes that ended.

    A note is over 30 ms after it has fallen by 35 dB, or when the next one begins. Too short ones are
    left out. Lives on one thread at a time, which is not the audio thread.
    """

    def __init__(self, encoder: TimbreEncoder) -> None:
        self._encoder = encoder
        self._waiting = np.zeros(0, np.float32)
        self._levels: list[float] = []
        self._heard: list[Samples] = []
        self._at = self._begin = self._quiet = 0
        self._loudest = 0.0

    @property
    def is_sounding(self) -> bool:
        """Whether a note goes on."""
        return self._loudest > 0.0

    def follow(self, samples: Samples) -> list[EndedNote]:
        """Go on with what came in."""
        self._waiting = np.concatenate([self._waiting, np.asarray(samples, np.float32)])
        ended: list[EndedNote] = []
        while len(self._waiting) >= _STEP:
            step, self._waiting = self._waiting[:_STEP], self._waiting[_STEP:]
            note = self._step(step)
            self._at += _STEP
            if note is not None:
                ended.append(note)
        return ended

    def _step(self, step: Samples) -> EndedNote | None:
        level = float(np.sqrt(np.mean(step**2)))
        self._levels = [*self._levels[1 - _AGAIN_STEPS :], level]
        if not self.is_sounding:
            if level >= _BEGINS:
                self._start(step, level)
            return None
        if self._begins_again(level):
            note = self._end()
            self._start(step, level)
            return note
        self._hear(step)
        self._loudest = max(self._loudest, level)
        self._quiet = self._quiet + 1 if level < _RELEASED * self._loudest else 0
        return self._end() if self._quiet >= _RELEASE_STEPS else None

    def _start(self, step: Samples, level: float) -> None:
        self._encoder.reset()
        self._heard, self._begin, self._loudest, self._quiet = [], self._at, level, 0
        self._hear(step)

    def _hear(self, step: Samples) -> None:
        if len(self._heard) * _STEP < HEARD_SECONDS * SAMPLE_RATE:
            self._heard.append(step)
            self._encoder.hear(step)

    def _begins_again(self, level: float) -> bool:
        """Whether the level rises as a new note's does; not within the attack of the present one."""
        is_attack = self._at - self._begin < 2 * _AGAIN_STEPS * _STEP
        return not is_attack and level > _AGAIN * min(self._levels) and level >= _BEGINS

    def _end(self) -> EndedNote | None:
        self._loudest = 0.0
        vectors = self._encoder.latest
        if vectors is None:
            return None
        return EndedNote(vectors, np.concatenate(self._heard), self._begin, self._at)
