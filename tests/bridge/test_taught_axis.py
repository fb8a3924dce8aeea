"""Axes fitted to pairs of sounds: what they turn to, and what cannot turn them."""

import dataclasses
import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.session import load_session
from tsumami.bridge.setup import model_path
from tsumami.bridge.taught_axis import TaughtAxes
from tsumami.bridge.taught_sounds import InstrumentSounds, latent_of
from tsumami.engine import MacroModel
from tsumami.engine.contract import Contract, Latent, ModelParameter, Training
from tsumami.plugins import load_bank, render_patch

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


def test_eight_pairs_teach_another_meaning_to_the_model_that_ships() -> None:
    """A performer to whom "aggressive" is what sounds dense: measured on the patches' sounds."""
    session = load_session()
    model = MacroModel(model_path(session), "cpu")
    sounds = InstrumentSounds(session)
    bank = load_bank()[::2]
    latents = np.array([latent_of(model, sounds.find(patch.name)[1]) for patch in bank])
    heard = np.array([dense(patch.values) for patch in bank])
    rng = np.random.default_rng(1)
    order = rng.permutation(len(bank))
    told, held_out = order[:16], order[16:]
    more = np.where(heard[told[:8]] > heard[told[8:]], told[:8], told[8:])
    than = np.where(heard[told[:8]] > heard[told[8:]], told[8:], told[:8])
    axes = TaughtAxes(model.contract)
    direction = axes.fit("aggressive", latents[more] - latents[than])
    unheard = [(a, b) if heard[a] > heard[b] else (b, a) for a, b in itertools.combinations(held_out, 2)]
    differences = np.array([latents[a] - latents[b] for a, b in unheard])
    before = axes.agreeing(axes.own("aggressive"), differences).mean()
    after = axes.agreeing(direction, differences).mean()
    assert after > before + 0.1
