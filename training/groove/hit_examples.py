"""What the hit detector learns from: performances on kits that are never quite the same, frame by frame.

Every performance gets other drums (each faster or slower, louder or softer, brighter or duller), a room, and
a background of noise and bass notes; some have no drums at all. The labels are the performance's truth.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.signal
import soxr

from tsumami.engine.groove.detector import band_levels
from tsumami.engine.groove.hit_kernels import inputs_at
from tsumami.engine.groove.hit_state import DELAY_FRAMES, FRAME_SECONDS, HISTORY, INPUTS, LANES, OTHER
from tsumami.training.groove.drum_kit import DrumKit, drum_sample
from tsumami.training.groove.performances import (
    Hits,
    Performance,
    Rendered,
    list_performances,
    read_performance,
    render,
)
from tsumami.training.groove.sound_file import read_mono

Audio = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float32]

SAMPLE_RATE: Final = 48_000
_EXCERPT_SECONDS: Final = 20.0
_BESIDE: Final = 12
"""Frames around a hit that are all examples …"""
_OF_THE_REST: Final = 0.12
"""… and the share of the others."""
_WITHOUT_DRUMS: Final = 0.06
_OFF_FRAMES: Final = 2.5
"""How far from a hit the network says where it lies."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Inputs ``[examples, INPUTS]`` (float16), scores and offsets in frames ``[examples, lanes]``.

    A score is 1 in the hit's frame and falls to 0 two frames beside it; an offset is NaN where there is none.
    """

    inputs: npt.NDArray[np.float16]
    scores: Floats
    offsets: Floats


def training_examples(data: Path, kits: Sequence[DrumKit], renders: int, seed: int) -> Iterator[Examples]:
    """Examples of ``renders`` excerpts of the data set's train split, on each of the kits in turn."""
    rng = np.random.default_rng(seed)
    paths = list_performances(data, "train")
    backgrounds = _bass_notes(data / "bass_notes")
    for number in range(renders):
        performance = read_performance(paths[int(rng.integers(len(paths)))])
        length = float(performance.hits["time_seconds"].max(initial=0.0))
        begin = float(rng.uniform(0.0, max(length - _EXCERPT_SECONDS, 0.1)))
        excerpt = performance.between(begin, begin + _EXCERPT_SECONDS)
        hits = excerpt.hits.copy()
        hits["time_seconds"] -= begin
        excerpt = replace(excerpt, hits=hits)
        yield examples_of(varied_render(excerpt, kits[number % len(kits)], backgrounds, rng), rng)


def examples_of(rendered: Rendered, rng: np.random.Generator) -> Examples:
    """All frames about a hit, and some of the rest."""
    levels, loudest = band_levels(rendered.audio, rendered.sample_rate)
    scores, offsets = targets(rendered.hits, len(levels))
    is_near = np.convolve(scores.max(axis=1) > 0.9, np.ones(2 * _BESIDE + 1), "same") > 0.0
    chosen = np.flatnonzero(is_near | (rng.random(len(levels)) < _OF_THE_REST))
    chosen = chosen[chosen >= HISTORY]
    inputs = np.zeros((len(chosen), INPUTS), np.float32)
    inputs_at(levels, loudest, chosen, inputs)
    return Examples(inputs.astype(np.float16), scores[chosen], offsets[chosen])


def targets(hits: Hits, frames: int) -> tuple[Floats, Floats]:
    """Scores and offsets ``[frames, lanes]``; lane ``other`` stands for any hit."""
    scores = np.zeros((frames, len(LANES)), np.float32)
    offsets = np.full((frames, len(LANES)), np.nan, np.float32)
    for hit in hits:
        position = float(hit["time_seconds"]) / FRAME_SECONDS
        centre = int(position) + DELAY_FRAMES
        for frame in range(max(centre - 3, 0), min(centre + 4, frames)):
            off = position - (frame - DELAY_FRAMES)
            value = max(0.0, 1.0 - 0.5 * abs(frame - centre))
            for lane in (LANES.index(hit["lane"]), OTHER):
                is_nearer = not abs(offsets[frame, lane] - 0.5) <= abs(off - 0.5)
                scores[frame, lane] = max(scores[frame, lane], value)
                if abs(off - 0.5) <= _OFF_FRAMES and is_nearer:
                    offsets[frame, lane] = off
    return scores, offsets


def varied_kit(kit: DrumKit, rng: np.random.Generator) -> DrumKit:
    """The kit with every drum tuned up or down by up to four semitones, its hits with it."""
    voices = {}
    for articulation, layers in kit.voices.items():
        ratio = float(2.0 ** rng.uniform(-1 / 3, 1 / 3))
        voices[articulation] = [
            [
                replace(
                    drum_sample(soxr.resample(sample.audio, ratio, 1.0, quality="LQ"), kit.sample_rate),
                    onset=round(sample.onset / ratio),
                )
                for sample in robins
            ]
            for robins in layers
        ]
    return DrumKit(kit.sample_rate, voices)


def varied_render(
    performance: Performance, kit: DrumKit, backgrounds: Sequence[Audio], rng: np.random.Generator
) -> Rendered:
    """A performance lane by lane, each with a tone and level of its own, in a room with a background."""
    whole = render(performance, kit, int(rng.integers(1 << 30)))
    audio = np.zeros(len(whole.audio), np.float32)
    for lane in np.unique(performance.hits["lane"]):
        hits = performance.hits[performance.hits["lane"] == lane]
        stem = render(replace(performance, hits=hits), kit, int(rng.integers(1 << 30))).audio
        audio[: len(stem)] += _shelved(stem, rng.uniform(-8.0, 8.0)) * _gain(rng.uniform(-8.0, 8.0))
    hits = whole.hits
    if rng.random() < _WITHOUT_DRUMS:
        audio, hits = np.zeros_like(audio), hits[:0]
    if rng.random() < 0.5:
        audio = _in_a_room(audio, rng)
    loudest = float(np.abs(audio).max(initial=0.0)) or 0.5
    if rng.random() < 0.2:
        audio = np.tanh(audio * np.float32(3.0 / loudest)) * np.float32(loudest / 2.0)
    if backgrounds and rng.random() < 0.3:
        audio += _tune(len(audio), backgrounds, rng) * np.float32(loudest) * _gain(rng.uniform(-30.0, -8.0))
    audio += _noise(len(audio), rng) * np.float32(loudest) * _gain(rng.uniform(-90.0, -42.0))
    audio *= _gain(rng.uniform(-30.0, 0.0)) / np.float32(loudest)
    return replace(whole, audio=audio, hits=hits)


def _gain(decibels: float) -> np.float32:
    return np.float32(10.0 ** (decibels / 20.0))


def _shelved(audio: Audio, treble_db: float) -> Audio:
    """The sound above about 2 kHz by so much louder than that below."""
    low = scipy.signal.lfilter([0.23], [1.0, -0.77], audio)
    return np.asarray(low + (audio - low) * _gain(treble_db), np.float32)


def _in_a_room(audio: Audio, rng: np.random.Generator) -> Audio:
    """With the decaying noise of a small room behind it."""
    decay_seconds = rng.uniform(0.1, 0.6)
    times = np.arange(round(decay_seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tail = rng.normal(0.0, 1.0, len(times)) * 10.0 ** (-3.0 * times / decay_seconds)
    tail[: round(rng.uniform(0.001, 0.012) * SAMPLE_RATE)] = 0.0
    tail *= _gain(rng.uniform(-28.0, -8.0)) / np.sqrt(np.square(tail).sum())
    return np.asarray(audio + scipy.signal.fftconvolve(audio, tail)[: len(audio)], np.float32)


def _tune(frames: int, notes: Sequence[Audio], rng: np.random.Generator) -> Audio:
    """Notes at random, none of them a drum's hit."""
    tune = np.zeros(frames, np.float32)
    at = 0
    while at < frames:
        note = notes[int(rng.integers(len(notes)))][: min(frames - at, SAMPLE_RATE)]
        tune[at : at + len(note)] += note
        at += round(rng.uniform(0.1, 0.8) * SAMPLE_RATE)
    return tune / np.float32(max(float(np.abs(tune).max()), 1e-6))


def _noise(frames: int, rng: np.random.Generator) -> Audio:
    """White noise, or noise that falls towards the treble."""
    white = rng.normal(0.0, 0.3, frames)
    return np.asarray(scipy.signal.lfilter([0.2], [1.0, -rng.uniform(0.0, 0.95)], white), np.float32)


def _bass_notes(folder: Path) -> list[Audio]:
    return [read_mono(path, SAMPLE_RATE) for path in sorted(folder.rglob("*.flac"))[:40]]
