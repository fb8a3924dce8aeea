"""What hearing timbre costs: a step of the encoder, the answer to a live note, and the search of an index."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.bridge.bench.report import Report, Row
from tsumami.bridge.bench.timing import interleaved
from tsumami.bridge.timbre.index import Index
from tsumami.bridge.timbre.note import note_found
from tsumami.engine.timbre.encoder import TimbreEncoder
from tsumami.engine.timbre.features import HOP, SAMPLE_RATE
from tsumami.engine.timbre.follower import NoteFollower
from tsumami.plugins import load_bank, render_patch

_ROUNDS: Final = 1_000
_NOTES: Final = 100
_SIZES: Final = (600, 10_000)
_COUNT: Final = 5
_HELD_SECONDS: Final = 0.6
_PIECE: Final = 256
"""Samples that come in together, 12 ms."""
_AFTER_SECONDS: Final = 1.0

Samples = npt.NDArray[np.float32]


def run(rounds: int = _ROUNDS, notes: int = _NOTES) -> Report:
    """Time the shipped encoder on one thread, with so many ``notes`` of the built-in bank let go."""
    encoder = TimbreEncoder()
    encoder.prepare()
    timed = interleaved(_cases(encoder), rounds, title="steps and searches")
    rows = [row for what, times in timed.items() for row in _rows(what, times / 1e3)]
    answers = _answers_ms(encoder, notes)
    rows += _rows("from letting a note go to its nearest presets", answers)
    return Report(
        "timbre-live",
        rows,
        [
            f"{len(answers)} notes of the built-in bank, C3-B5, let go after {_HELD_SECONDS:g} s and heard "
            f"in pieces of {1e3 * _PIECE / SAMPLE_RATE:.0f} ms. What is heard to know that a note is over "
            "is counted, a sound device's own delay is not.",
            "All on one thread.",
        ],
    )


def _cases(encoder: TimbreEncoder) -> Mapping[str, Callable[[], object]]:
    rng = np.random.default_rng(0)
    sound = rng.standard_normal(encoder.frames_per_step * HOP).astype(np.float32)
    step_ms = 1e3 * len(sound) / SAMPLE_RATE
    cases: dict[str, Callable[[], object]] = {
        f"a step of the encoder, {step_ms:.0f} ms of sound": lambda: encoder.hear(sound)
    }
    encoder.hear(rng.standard_normal(SAMPLE_RATE).astype(np.float32))
    asked = _latest(encoder)
    for size in _SIZES:
        index = _index(rng, size, asked)
        cases[f"a search of {size:,} presets"] = partial(index.nearest, asked, _COUNT)
    return cases


def _index(rng: np.random.Generator, size: int, like: Samples) -> Index:
    vectors = rng.standard_normal((size, len(like))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = tuple(f"preset {number}" for number in range(size))
    return Index(names, names, vectors, "", "")


def _answers_ms(encoder: TimbreEncoder, count: int) -> npt.NDArray[np.float64]:
    """Of every note that still sounded when it was let go."""
    rng = np.random.default_rng(1)
    bank = load_bank()
    index = _index(rng, _SIZES[0], _latest(encoder))
    found = []
    for number in range(count):
        patch = bank[number % len(bank)]
        note = int(rng.integers(48, 84))
        sound = render_patch(
            patch.values,
            note=note,
            hold_seconds=_HELD_SECONDS,
            length_seconds=_HELD_SECONDS,
            sample_rate=SAMPLE_RATE,
        ).mean(axis=0)
        found.append(_answer_ms(encoder, index, sound))
    return np.array([answer for answer in found if answer is not None])


def _answer_ms(encoder: TimbreEncoder, index: Index, sound: Samples) -> float | None:
    """None for a note that is over before it is let go, or that is never heard."""
    line = np.concatenate([sound, np.zeros(round(_AFTER_SECONDS * SAMPLE_RATE), np.float32)])
    follower = NoteFollower(encoder)
    for first in range(0, len(line), _PIECE):
        began = time.perf_counter()
        ended = follower.follow(line[first : first + _PIECE])
        for note in ended:
            if first <= len(sound):
                return None
            index.nearest(note.vectors.timbre, _COUNT)
            note_found(note.samples)
            waited = (first + _PIECE - len(sound)) / SAMPLE_RATE
            return 1e3 * (waited + time.perf_counter() - began)
    return None


def _latest(encoder: TimbreEncoder) -> Samples:
    assert encoder.latest is not None
    return encoder.latest.timbre


def _rows(what: str, times_ms: npt.NDArray[Any]) -> list[Row]:
    return [Row(f"{what}, p{rank}", float(np.percentile(times_ms, rank)), "ms") for rank in (50, 95)]
