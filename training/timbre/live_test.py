"""How soon a live note has its vectors once it is let go, and what a step costs the engine."""

import time
from typing import Final, NamedTuple

import numpy as np

from tsumami.engine.timbre.encoder import TimbreEncoder
from tsumami.engine.timbre.features import HOP, SAMPLE_RATE
from tsumami.engine.timbre.follower import NoteFollower
from tsumami.training.timbre.encoder_fit import TrainedEncoder
from tsumami.training.timbre.export import encoder_file
from tsumami.training.timbre.notes import Notes
from tsumami.training.timbre.ship import contract_of

_STEPS: Final = 200
_NOTES: Final = 60
_HELD: Final = round(0.6 * SAMPLE_RATE)
_PIECE: Final = 256
"""Samples that come in together, 12 ms."""


class LiveTimes(NamedTuple):
    """In ms: the median of a step, and the median and 95th percentile from a note's end to its vectors.

    The last two count what must be heard first and what is computed then; a sound device adds its own.
    """

    step: float
    answer: float
    answer_p95: float


def live_times(encoder: TrainedEncoder, notes: Notes) -> LiveTimes:
    """Measured with the engine's own code on one thread; notes are let go after 0.6 s."""
    heard = TimbreEncoder(encoder_file(encoder.model, contract_of(encoder)))
    heard.prepare()
    answers = [_answer_ms(heard, sound[:_HELD].astype(np.float32)) for sound in notes.first(_NOTES).sounds]
    found = [answer for answer in answers if answer is not None]
    return LiveTimes(_step_ms(heard), float(np.median(found)), float(np.percentile(found, 95)))


def _step_ms(heard: TimbreEncoder) -> float:
    heard.reset()
    sound = np.random.default_rng(0).standard_normal(heard.frames_per_step * HOP).astype(np.float32)
    times = []
    for _ in range(_STEPS):
        began = time.perf_counter()
        heard.hear(sound)
        times.append(time.perf_counter() - began)
    return 1e3 * float(np.median(times))


def _answer_ms(heard: TimbreEncoder, sound: np.ndarray) -> float | None:
    """None for a note that ends by itself before it is let go."""
    line = np.concatenate([sound, np.zeros(SAMPLE_RATE, np.float32)])
    follower = NoteFollower(heard)
    for first in range(0, len(line), _PIECE):
        began = time.perf_counter()
        ended = follower.follow(line[first : first + _PIECE])
        if ended and first > len(sound):
            waited = (first + _PIECE - len(sound)) / SAMPLE_RATE
            return 1e3 * (waited + time.perf_counter() - began)
    return None
