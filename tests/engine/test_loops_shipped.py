"""The generator of loops that ships: what it makes can be played, and knobs steer it."""

import time

import numpy as np
import pytest

from tsumami.engine.loops.assembly import STEPS, assemble
from tsumami.engine.loops.generator import LoopGenerator, shipped_generator
from tsumami.engine.loops.seeds import latent_of
from tsumami.engine.loops.wishes import KINDS, LoopKind, Wish

SEEDS = range(12)


@pytest.fixture(scope="module")
def generator() -> LoopGenerator:
    return LoopGenerator()


def begun(generator: LoopGenerator, wish: Wish) -> float:
    """Share of steps on which something begins that is heard beside the loudest."""
    counts = []
    for seed in SEEDS:
        power = np.square(generator.sounds(latent_of(seed, generator.latents), wish)).sum(axis=1)
        counts.append((power > 0.03 * power.max()).mean())
    return float(np.mean(counts))


def test_it_is_small_and_has_a_card() -> None:
    path = shipped_generator()
    assert path.stat().st_size < 5_000_000
    assert "tsumami train loops --data" in path.with_suffix(".md").read_text("utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_its_loops_are_loud_finite_and_different(generator: LoopGenerator, kind: LoopKind) -> None:
    loops = [generator.loop(seed, Wish(kind), sample_rate=22_050) for seed in SEEDS]
    assert all(np.isfinite(loop).all() for loop in loops)
    assert min(float(np.abs(loop).max()) for loop in loops) > 0.02
    likeness = np.asarray(np.corrcoef(np.stack(loops)))
    assert np.median(likeness[np.triu_indices(len(loops), 1)]) < 0.9


@pytest.mark.parametrize("kind", KINDS)
def test_density_can_be_turned(generator: LoopGenerator, kind: LoopKind) -> None:
    sparse, dense = (begun(generator, Wish(kind, density=density)) for density in (0.3, 0.9))
    assert dense > sparse + 0.2


@pytest.mark.parametrize("kind", KINDS)
def test_brightness_can_be_turned_and_density_stays(generator: LoopGenerator, kind: LoopKind) -> None:
    """By the middle of the spectrum over the logarithm of frequency, at least a third of an octave."""

    def octaves(wish: Wish) -> float:
        loops = [generator.loop(seed, wish, sample_rate=22_050) for seed in SEEDS]
        power = np.square(np.abs(np.fft.rfft(np.stack(loops), axis=1)))[:, 1:]
        shares = np.sqrt(power).sum(axis=0)
        return float((shares * np.log2(np.arange(1, len(shares) + 1))).sum() / shares.sum())

    dark, bright = (Wish(kind, brightness=brightness) for brightness in (0.1, 0.9))
    assert octaves(bright) > octaves(dark) + 1 / 3
    assert abs(begun(generator, bright) - begun(generator, dark)) < 0.2


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_flows_into_the_beginning(generator: LoopGenerator, kind: LoopKind) -> None:
    """The step over the end is like those at the other sixteenths, where sounds begin as well."""
    steps, within = [], []
    for seed in SEEDS:
        loop = generator.loop(seed, Wish(kind), sample_rate=22_050)
        begins = np.rint(np.arange(1, STEPS) * len(loop) / STEPS).astype(int)
        steps.append(abs(float(loop[0] - loop[-1])))
        within += np.abs(loop[begins] - loop[begins - 1]).tolist()
    assert np.median(steps) <= np.percentile(within, 95)


def test_a_loop_is_made_long_before_its_bar_line(generator: LoopGenerator) -> None:
    """A loop of two seconds, far within the shortest bar, of a second, on any machine that runs tests."""
    generator.loop(0, Wish())
    began = time.process_time()
    generator.loop(1, Wish(), sample_rate=48_000)
    assert time.process_time() - began < 1.0


def test_silence_between_sounds_stays_silence(generator: LoopGenerator) -> None:
    sounds = generator.sounds(latent_of(1, generator.latents), Wish("bass", density=0.3))
    loop = assemble(sounds, generator.sample_rate, 60.0, 22_050)
    quiet = np.percentile(np.abs(loop), 20)
    assert quiet < 0.05 * np.abs(loop).max()
