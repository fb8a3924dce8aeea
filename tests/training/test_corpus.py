"""A corpus out of a real data set of the built-in synthesizer."""

from pathlib import Path

import numpy as np
import pytest

import tsumami.training.macros.corpus as corpus_module
from tsumami.engine.errors import ParameterError, RenderError
from tsumami.plugins.match.mel import BANDS, FRAMES, mel_power
from tsumami.plugins.offline import RenderSettings, render_presets
from tsumami.plugins.presets import Preset
from tsumami.plugins.presets.parameter_lists import parameter_list
from tsumami.training.macros.corpus import Corpus, first_of_each, keys_of, open_corpus, splits_of

COUNT = 48


def presets(seed: int = 0) -> list[Preset]:
    """Filters and mixes; the last two are a copy of the first and a silence."""
    rng = np.random.default_rng(seed)
    names = ("cutoff", "resonance", "osc_mix")
    made: list[dict[str, float]] = [
        dict(zip(names, map(float, rng.uniform(0.4, 1.0, len(names))), strict=True)) for _ in range(COUNT)
    ]
    made += [made[0], {"volume": 0.0, "amp_attack": 1.0}]
    return [
        Preset(f"p{row}", "positions", "", f"p{row}", tags=("bright",), positions=positions)
        for row, positions in enumerate(made)
    ]


def render(folder: Path, given: list[Preset], rate: int = 22_050) -> Path:
    settings = RenderSettings(sample_rate=rate, hold_seconds=0.2, length_seconds=0.3, warm_up_seconds=0.0)
    render_presets("builtin", given, folder / "data.zarr", settings=settings)
    return folder / "data.zarr"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return open_corpus(render(tmp_path_factory.mktemp("corpus"), presets()))


def test_every_sound_is_in_one_split_once(corpus: Corpus) -> None:
    names = [*corpus.train.names, *corpus.valid.names, *corpus.test.names]
    assert len(names) == len(set(names)) == COUNT, "the copy and the silence are left out"
    assert len(corpus.train) > len(corpus.valid)
    for split in (corpus.train, corpus.valid, corpus.test):
        assert split.mel.shape == (len(split), BANDS, FRAMES)
        assert split.mel.dtype == split.values.dtype == np.float32
        assert split.values.shape == (len(split), len(corpus.parameters))
        assert set(split.tags) == {("bright",)}


def test_predictions_are_rendered_by_the_instrument_itself(corpus: Corpus) -> None:
    sounds = corpus.render(corpus.test.values)
    np.testing.assert_array_equal(np.stack([mel_power(sound) for sound in sounds]), corpus.test.mel)


def test_the_order_of_the_presets_changes_nothing(corpus: Corpus, tmp_path: Path) -> None:
    other = open_corpus(render(tmp_path, presets()[::-1]))
    for ours, theirs in zip(
        (corpus.train, corpus.valid, corpus.test), (other.train, other.valid, other.test), strict=True
    ):
        np.testing.assert_array_equal(ours.values, theirs.values)
        np.testing.assert_array_equal(ours.mel, theirs.mel)
    assert corpus.hash == other.hash


def test_a_corpus_is_the_same_when_it_is_opened_again(corpus: Corpus) -> None:
    again = open_corpus(corpus.folder / "data.zarr")
    assert again.hash == corpus.hash


def test_splits_follow_the_parameters_alone() -> None:
    values = np.random.default_rng(1).random((4000, 16)).astype(np.float32)
    splits = splits_of(keys_of(values))
    np.testing.assert_array_equal(splits[::-1], splits_of(keys_of(values[::-1])))
    np.testing.assert_array_equal(
        splits, splits_of(keys_of(np.rint(values * 1000).astype(np.float32) / np.float32(1000)))
    )
    # Three standard deviations of a binomial of 4000
    np.testing.assert_allclose(np.bincount(splits) / len(splits), [0.8, 0.1, 0.1], atol=0.02)


def test_first_of_each_keeps_what_is_new_in_every_column() -> None:
    assert first_of_each([1, 2, 1, 3], "aabb").tolist() == [0, 3]
    assert first_of_each([1, 2, 3, 1], "abca").tolist() == [0, 1, 2]


def test_lists_are_known_by_the_instruments_name() -> None:
    present = ("a", "b", "a")
    assert parameter_list("whatever", "all", present) == present
    with pytest.raises(ParameterError, match=r"one of 16, 32, all for amsynth_vst, got 64"):
        parameter_list("amsynth_vst", "64", present)
    with pytest.raises(ParameterError, match=r"got 0 named 'amp_attack'"):
        parameter_list("amsynth_vst", "16", present)
    with pytest.raises(ParameterError, match=r"one of all for Tsumami"):
        parameter_list("Tsumami", "16", present)


def test_what_cannot_be_learned_from_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"one that tsumami render has written, got \S+none\.zarr"):
        open_corpus(tmp_path / "none.zarr")
    with pytest.raises(RenderError, match=r"at least 10 different sounds, got 3"):
        open_corpus(render(tmp_path, presets()[:3]))
    other_rate = tmp_path / "rate"
    other_rate.mkdir()
    with pytest.raises(RenderError, match=r"rendered at 22050 Hz, got 44100"):
        open_corpus(render(other_rate, presets()[:3], 44_100))


def test_presets_are_reduced_to_a_list_and_rendered_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("cutoff", "resonance")
    data = render(tmp_path, presets())
    whole = open_corpus(data)
    monkeypatch.setattr(corpus_module, "parameter_list", lambda *_: names)
    reduced = open_corpus(data, "16")
    assert reduced.parameters == names
    assert reduced.train.values.shape[1] == len(names)
    assert reduced.hash != whole.hash
    sounds = reduced.render(reduced.valid.values)
    np.testing.assert_array_equal(np.stack([mel_power(sound) for sound in sounds]), reduced.valid.mel)
    monkeypatch.setattr(corpus_module, "render_presets", None)
    assert open_corpus(data, "16").hash == reduced.hash
