"""What a gap is filled with, mixed of parts: the parts come back whole, and weights do what they say."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsumami.engine.errors import ModelError
from tsumami.engine.models import shipped_model
from tsumami.engine.restoration import Concealer, LookaheadConcealer
from tsumami.engine.restoration.bands import BANDS, Bands, Spectra
from tsumami.engine.restoration.mix import JOINT_SECONDS, Mixer
from tsumami.engine.restoration.mix_features import FEATURES, Features
from tsumami.engine.restoration.mix_model import NONE, MixModel, chosen_mixer
from tsumami.engine.restoration.mix_parts import PARTS

RATE, BLOCK = 16_000, 320
Samples = npt.NDArray[np.float64]


class Weighing:
    """A mixer whose weights are the plain ones times ``factor``; it keeps what it was told."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor
        self.features: list[Features] = []

    def weigh(self, features: Features, spectra: Spectra, plain: Samples) -> Samples:
        assert spectra.shape == (PARTS, RATE // 125 + 1)
        self.features.append(features)
        return np.repeat(self.factor * plain[:, None], BANDS, axis=1)


def sound(kind: str, seed: int, seconds: float = 4.0) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    tone = np.sin(2 * np.pi * rng.uniform(100, 2000) * time) * (1.0 + np.sin(2 * np.pi * 3.0 * time))
    loop = np.tile(rng.standard_normal(RATE // 2), round(2 * seconds))
    x = {"noise": rng.standard_normal(len(time)), "tone": tone, "loop": loop, "silence": 0.0 * time}[kind]
    return (0.2 * x).astype(np.float32)


def lost_of(blocks: int, seed: int) -> npt.NDArray[np.bool_]:
    return np.random.default_rng(seed).random(blocks) < 0.1


def repaired(
    x: npt.NDArray[np.float32], mixer: Mixer | None, seed: int = 0, block: int = BLOCK
) -> npt.NDArray[np.float32]:
    concealer = Concealer(1, RATE, block, mixer=mixer)
    blocks = x[: len(x) // block * block].reshape(-1, block, 1)
    lost = lost_of(len(blocks), seed)
    return np.concatenate([concealer.process(*item) for item in zip(blocks, lost, strict=True)])[:, 0]


KINDS = st.sampled_from(["noise", "tone", "loop", "silence"])


@given(st.integers(0, 1000), KINDS)
@settings(max_examples=12, deadline=None)
def test_plain_weights_are_what_is_played_without_a_mixer(seed: int, kind: str) -> None:
    x = sound(kind, seed)
    # Windows are cut and put together again in float64; float32 rounds what is played.
    np.testing.assert_allclose(repaired(x, Weighing(), seed), repaired(x, None, seed), atol=2e-5)


@given(st.integers(0, 1000), KINDS)
@settings(max_examples=8, deadline=None)
def test_only_gaps_and_their_crossfade_are_touched(seed: int, kind: str) -> None:
    x = sound(kind, seed)
    touched = np.repeat(lost_of(len(x) // BLOCK, seed), BLOCK)
    touched[RATE // 500 :] |= touched[: -RATE // 500]
    y = repaired(x, chosen_mixer(), seed)
    assert np.isfinite(y).all()
    np.testing.assert_array_equal(y[~touched], x[~touched])


def test_a_gap_is_the_same_in_blocks_of_any_size() -> None:
    x = sound("tone", 1)
    played = []
    for size in (80, 96, 1440):
        concealer = Concealer(1, RATE, BLOCK, mixer=Weighing(0.7))
        concealer.process(x[: RATE * 2, None], False)
        gap = [concealer.process(np.zeros((size, 1), np.float32), True) for _ in range(1440 // size)]
        played.append(np.concatenate(gap)[:960, 0])  # up to where it begins to fade
    # Each part of a recursion is summed anew from what was rounded to float64.
    np.testing.assert_allclose(played[1], played[0], atol=1e-5)
    np.testing.assert_allclose(played[2], played[0], atol=1e-5)


def test_half_the_weights_are_half_as_loud() -> None:
    x = sound("tone", 2)
    whole, half = (repaired(x, Weighing(factor), 1) for factor in (1.0, 0.5))
    gap = np.repeat(lost_of(len(x) // BLOCK, 1), BLOCK)
    first = int(np.flatnonzero(gap)[gap.nonzero()[0] > RATE // 2][0])
    joint = round(JOINT_SECONDS * RATE)
    own = slice(first + joint, first + BLOCK)
    np.testing.assert_allclose(half[own], 0.5 * whole[own], atol=1e-6)


def test_weights_make_no_step_where_a_gap_begins() -> None:
    x = sound("tone", 2)
    whole, none = (repaired(x, Weighing(factor), 1) for factor in (1.0, 0.0))
    begins = np.flatnonzero(np.diff(np.repeat(lost_of(len(x) // BLOCK, 1), BLOCK).astype(int)) == 1) + 1
    first = int(begins[begins > RATE // 2][0])
    joint = round(JOINT_SECONDS * RATE)
    share = np.arange(joint) / joint
    expected = (1.0 - share) * whole[first : first + joint]
    np.testing.assert_allclose(none[first : first + joint], expected, atol=1e-6)
    assert not none[first + joint : first + BLOCK].any()


@given(st.integers(0, 1000), KINDS)
@settings(max_examples=8, deadline=None)
def test_features_are_numbers_whatever_is_heard(seed: int, kind: str) -> None:
    mixer = Weighing()
    repaired(sound(kind, seed), mixer, seed)
    features = np.array(mixer.features)
    assert features.shape[1:] == (FEATURES, BANDS)
    assert np.isfinite(features).all()
    assert np.abs(features).max() <= 12.0


def test_short_blocks_are_left_to_one_autoregression() -> None:
    mixer = Weighing()
    repaired(sound("tone", 3), mixer, block=64)
    assert not mixer.features


@given(st.integers(0, 1000), st.sampled_from([8_000, 16_000, 44_100, 192_000]))
@settings(max_examples=10, deadline=None)
def test_windows_add_up_to_the_sound(seed: int, rate: int) -> None:
    bands = Bands(rate)
    x = np.random.default_rng(seed).standard_normal(8 * bands.hop)
    spectra = bands.spectra(x)
    y = np.zeros(len(x))
    for number, spectrum in enumerate(spectra):
        y[number * bands.hop : (number + 2) * bands.hop] += bands.samples(spectrum)
    np.testing.assert_allclose(y[bands.hop : -bands.hop], x[bands.hop : -bands.hop], atol=1e-12)
    products = bands.products(np.stack([spectra, 2.0 * spectra]))
    np.testing.assert_allclose(products[0, 1], 2.0 * bands.powers(spectra))
    np.testing.assert_allclose(bands.powers(spectra).sum(), np.square(np.abs(spectra)).sum())


def test_looking_ahead_passes_bit_for_bit_with_a_mixer() -> None:
    x = sound("loop", 5)
    blocks = x.reshape(-1, BLOCK, 1)
    lost = np.arange(len(blocks)) % 10 == 9
    concealer = LookaheadConcealer(1, RATE, BLOCK, 8.0, mixer=chosen_mixer())
    stream = [*zip(blocks, lost, strict=True), (np.zeros((BLOCK, 1), np.float32), True)]
    played = np.concatenate([concealer.process(*item) for item in stream])[BLOCK:, 0]
    kept = ~np.repeat(lost, BLOCK)
    np.testing.assert_array_equal(played[kept], x[kept])


def test_the_model_that_ships_weighs_within_its_reach() -> None:
    mixer = chosen_mixer()
    assert isinstance(mixer, MixModel)
    rng = np.random.default_rng(4)
    plain = np.array([1.0, 0.0, 0.0, 0.5])
    nothing = np.zeros((PARTS, 129), np.complex128)
    for scale in (0.0, 1.0, 1e6):
        features = (scale * rng.standard_normal((FEATURES, BANDS))).astype(np.float32)
        weights = mixer.weigh(features, nothing, plain)
        assert weights.shape == (PARTS, BANDS)
        assert np.abs(weights - plain[:, None]).max() <= 1.0
    features = np.full((FEATURES, BANDS), np.nan, np.float32)
    np.testing.assert_array_equal(mixer.weigh(features, nothing, plain), np.repeat(plain[:, None], BANDS, 1))


def test_none_is_no_mixer_and_others_are_refused(tmp_path: Path) -> None:
    assert chosen_mixer(NONE) is None
    with pytest.raises(ModelError, match=r"kind of amsynth\.onnx must be restoration"):
        chosen_mixer(shipped_model("amsynth"))
    with pytest.raises(ModelError, match="model file must be readable"):
        chosen_mixer(tmp_path / "missing.onnx")
