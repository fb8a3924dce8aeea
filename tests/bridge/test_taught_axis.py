"""Axes fitted to pairs of sounds: what they turn to, and what cannot turn them."""

import dataclasses
import itertools
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.macros.taught_axis import TaughtAxes
from tsumami.bridge.macros.taught_sounds import InstrumentSounds, latent_of
from tsumami.bridge.session.session import load_session
from tsumami.bridge.session.setup import model_path
from tsumami.engine import MacroModel, MacroProcessor
from tsumami.engine.inference.contract import Contract, Latent, ModelParameter, Training
from tsumami.plugins import PARAMETERS, load_bank, render_patch

Array = npt.NDArray[np.float64]

RATE = 22050
SIZE = 6


def contract_of_spans(*spans: float) -> Contract:
    """Two macros, then latents without a name; the last one is the parameter "glide" itself."""
    names = [("bright", "dark", "bright"), ("long", "short", "long")]
    names += [(f"free {row}", "", "") for row in range(3, len(spans))] + [("glide", "", "")]
    latents = [Latent(*name, -span, span) for name, span in zip(names, spans, strict=True)]
    parameters = (ModelParameter("cutoff"), ModelParameter("glide"))
    training = Training("none", "0", "pytest", 0)
    return Contract("spans", "macros", RATE, training, parameters=parameters, latents=tuple(latents))


AXES = TaughtAxes(contract_of_spans(*[2.0] * SIZE))


def pairs_of(axis: Array, points: Array, count: int) -> Array:
    """Differences ``[count, latents]`` of points, the one further along ``axis`` less the other."""
    differences = np.array([a - b for a, b in itertools.combinations(points, 2)])[:count]
    signs: Array = np.sign(differences @ axis)
    return differences * signs[:, None]


@given(st.integers(0, 10_000))
def test_pairs_turn_the_axis_to_what_they_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    meant = rng.normal(size=SIZE) + 2.0 * AXES.own("bright")
    meant[-1] = 0.0
    differences = pairs_of(meant, rng.normal(size=(40, SIZE)), 400)
    direction = AXES.fit("bright", differences)
    agreed = AXES.agreeing(direction, differences).mean()
    assert agreed >= AXES.agreeing(AXES.own("bright"), differences).mean()
    assert agreed > 0.9
    assert direction[-1] == 0.0, "a parameter of its own is no part of an axis"
    cosine = direction @ meant / np.linalg.norm(direction) / np.linalg.norm(meant)
    assert cosine > 0.97
    assert np.linalg.norm(direction) == pytest.approx(1.0, abs=1e-5)  # rounded to six decimals


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_the_order_of_the_pairs_says_nothing(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    differences = rng.normal(size=(count, SIZE))
    one = AXES.fit("long", differences)
    assert AXES.fit("long", differences).tobytes() == one.tobytes()
    # The decimals that are kept, and what a sum in another order changes before them.
    np.testing.assert_allclose(AXES.fit("long", rng.permutation(differences)), one, atol=2e-6)


@given(st.integers(0, 10_000), st.lists(st.sampled_from([0.5, 1.0, 4.0]), min_size=SIZE, max_size=SIZE))
def test_latents_count_in_their_own_ranges(seed: int, scales: list[float]) -> None:
    differences = np.random.default_rng(seed).normal(size=(5, SIZE))
    stretched = TaughtAxes(contract_of_spans(*(2.0 * scale for scale in scales)))
    one = AXES.fit("bright", differences)
    other = stretched.fit("bright", differences * scales)
    np.testing.assert_allclose(other, one * scales / scales[0], atol=1e-5)
    angle = AXES.angle_degrees("bright", one)
    assert stretched.angle_degrees("bright", other) == pytest.approx(angle, abs=1e-2)


def test_teaching_begins_at_the_directions_of_the_model() -> None:
    lean = (0.6, 0.8, 0.0, 0.0, 0.0, 0.0)
    plain = contract_of_spans(*[2.0] * SIZE)
    first = dataclasses.replace(plain.latents[0], direction=lean, minimum=-1.0, maximum=1.0)
    axes = TaughtAxes(dataclasses.replace(plain, latents=(first, *plain.latents[1:])))
    assert axes.own("bright").tolist() == list(lean)
    agreeing = np.random.default_rng(0).normal(0.0, 0.01, (3, SIZE)) + 50.0 * np.array(lean)
    assert axes.angle_degrees("bright", axes.fit("bright", agreeing)) < 0.01
    other = axes.fit("bright", [[0.0, -1.0, 0.0, 1.0, 0.0, 0.0]])
    assert np.linalg.norm(other) == pytest.approx(1.0, abs=1e-5)  # rounded to six decimals
    assert 5.0 < axes.angle_degrees("bright", other) < 90.0


@given(st.integers(0, 10_000))
def test_what_is_said_often_enough_wins_over_the_models_own_axis(seed: int) -> None:
    difference = np.random.default_rng(seed).normal(size=SIZE)
    difference[0] = -0.2
    assert not AXES.agreeing(AXES.own("bright"), difference).any()
    direction = AXES.fit("bright", [difference] * 50)
    assert AXES.agreeing(direction, difference).all()


@given(st.integers(0, 10_000))
def test_pairs_that_contradict_each_other_still_give_an_axis(seed: int) -> None:
    difference = np.random.default_rng(seed).normal(size=SIZE)
    direction = AXES.fit("bright", [difference, -difference])
    assert np.isfinite(direction).all()
    assert direction.any()
    assert AXES.angle_degrees("bright", direction) < 90.0


def dense(values: npt.NDArray[np.float32]) -> float:
    """Minus the crest factor of a patch's sound: how little its waveform stands out of its own mean."""
    sound = render_patch(values, note=60, hold_seconds=1.0, length_seconds=1.2, sample_rate=RATE)
    return -float(np.abs(sound).max() / np.sqrt(np.mean(sound**2)))


class Dense:
    """A performer to whom "aggressive" is what sounds dense: measured on the sounds of half the bank."""

    def __init__(self) -> None:
        self.model = MacroModel(model_path(load_session()), "cpu")
        self.axes = TaughtAxes(self.model.contract)
        sounds = InstrumentSounds(load_session())
        self.bank = load_bank()[::2]
        self.latents = np.array([latent_of(self.model, sounds.find(patch.name)[1]) for patch in self.bank])
        self.heard = np.array([dense(patch.values) for patch in self.bank])

    def pairs(self, rows: Iterable[tuple[int, int]]) -> Array:
        """Differences of the latents of pairs of patches, the denser one less the other."""
        ordered = [(a, b) if self.heard[a] > self.heard[b] else (b, a) for a, b in rows]
        return np.array([self.latents[a] - self.latents[b] for a, b in ordered])

    def taught(self, seed: int) -> tuple[Array, npt.NDArray[np.intp]]:
        """The direction after eight pairs of any patches, and the patches that were in none."""
        order = np.random.default_rng(seed).permutation(len(self.bank))
        pairs = self.pairs(zip(order[:8], order[8:16], strict=True))
        return self.axes.fit("aggressive", pairs), order[16:]

    def rise(self, direction: Array, patches: Iterable[int]) -> float:
        """How much denser the knob makes patches from one end to the other, in the mean."""
        place = self.axes.names.index("aggressive")
        rows = [self.axes.own(name) for name in self.axes.names]
        rows[place] = direction
        processor = MacroProcessor(self.model, len(PARAMETERS), directions=rows)
        processor.move(place, 0.5)
        rises = []
        for row in patches:
            ends = []
            for position in (0.0, 1.0):
                processor.load(self.bank[row].values)
                processor.move(place, position)
                while processor.is_moving:
                    processor.tick(0.02)
                ends.append(dense(processor.values))
                processor.move(place, 0.5)
            rises.append(ends[1] - ends[0])
        return float(np.mean(rises))


@pytest.fixture(scope="module")
def listener() -> Dense:
    return Dense()


def test_eight_pairs_are_heard_in_pairs_that_were_not_told(listener: Dense) -> None:
    agreements = []
    for seed in range(8):
        direction, unheard = listener.taught(seed)
        differences = listener.pairs(itertools.combinations(unheard, 2))
        axes = (listener.axes.own("aggressive"), direction)
        agreements.append([listener.axes.agreeing(axis, differences).mean() for axis in axes])
    before, after = np.array(agreements).T
    assert np.count_nonzero(after > before) >= 7
    assert after.mean() > before.mean() + 0.05


def test_a_taught_knob_does_more_of_what_it_was_taught(listener: Dense) -> None:
    direction, unheard = listener.taught(0)
    own = listener.axes.own("aggressive")
    assert listener.rise(direction, unheard[:8]) > 1.5 * listener.rise(own, unheard[:8])
