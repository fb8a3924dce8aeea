"""Axes found in a latent, and knobs turned along them over the real instrument."""

from dataclasses import replace

import numpy as np
import pytest

from tests.training.small_runs import NAMES, small_corpus, small_run
from tsumami.engine.errors import ModelError
from tsumami.engine.macros.model import MacroModel
from tsumami.training.macros.axes import encode_all, named_latents
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.descriptors import DESCRIPTORS, MACROS
from tsumami.training.macros.export_run import export_run
from tsumami.training.macros.figures_sweeps import CURVES, draw_sweeps, spread_out
from tsumami.training.macros.labels import LEAST_LABELS
from tsumami.training.macros.scaling import Scale
from tsumami.training.macros.sweeps import Knobs, OneParameter, Sweeps, one_parameter, sweep

STOPS = 5


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return small_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def model(corpus: Corpus) -> MacroModel:
    return MacroModel(export_run(small_run("Flow_heads"), corpus)[0], "cpu")


@pytest.fixture(scope="module")
def unnamed(model: MacroModel) -> MacroModel:
    """The same model without a word for its latents."""
    plain = MacroModel.__new__(MacroModel)
    plain.__dict__.update(model.__dict__)
    rows = [replace(row, name=f"z{n}", low="", high="", direction=()) for n, row in enumerate(model.latents)]
    plain.contract = replace(model.contract, latents=tuple(rows))
    return plain


@pytest.fixture(scope="module")
def sweeps(model: MacroModel, corpus: Corpus) -> Sweeps:
    knobs = Knobs(model, corpus)
    return sweep(corpus, corpus.test.rows([0, 1]), knobs.macros[:3], knobs.turn, positions=STOPS)


def test_what_is_exported_has_macros(model: MacroModel) -> None:
    assert [row.name for row in model.latents if row.low] == list(MACROS[: len(model.latents)])
    for row in model.latents:
        np.testing.assert_allclose(np.linalg.norm(row.direction), 1.0, atol=1e-5)
        assert row.minimum < row.maximum


def test_an_axis_is_where_its_descriptor_rises(unnamed: MacroModel, corpus: Corpus) -> None:
    latents = encode_all(unnamed, corpus.train.values)
    # Of the latents' own main directions, or 60 presets would tell too little.
    main = np.linalg.svd(latents - latents.mean(axis=0), full_matrices=False)[2][0]
    descriptors = corpus.train.descriptors.copy()
    descriptors[:, 0] = latents @ main
    heard = replace(corpus, train=replace(corpus.train, descriptors=descriptors))
    bright, *_ = named_latents(unnamed, heard)
    assert np.array(bright.direction) @ main > 0.95


def test_a_persons_tags_name_the_axes_where_there_are_any(unnamed: MacroModel, corpus: Corpus) -> None:
    def tagged(count: int) -> Corpus:
        tags = [("dark",)] * count + [("bright",)] * count
        whole = (*tags, *[()] * (len(corpus.train) - len(tags)))
        return replace(corpus, train=replace(corpus.train, tags=tuple(whole)))

    first, second, *_ = named_latents(unnamed, tagged(LEAST_LABELS))
    assert (first.name, first.low, first.high) == ("bright", "dark", "bright")
    assert second.low == ""
    measured = named_latents(unnamed, tagged(LEAST_LABELS - 1))
    assert [row.name for row in measured if row.low] == list(MACROS[: len(measured)])


def test_macros_that_are_there_are_kept(model: MacroModel, corpus: Corpus) -> None:
    assert named_latents(model, corpus) == model.latents


def test_a_knob_turns_over_a_preset_and_is_heard(sweeps: Sweeps, corpus: Corpus) -> None:
    assert sweeps.values.shape == (2, 3, STOPS, len(NAMES))
    assert sweeps.mel.shape == (2, 3, STOPS, 64, 80)
    discrete = [NAMES.index("osc1_wave"), NAMES.index("unison")]
    kept = np.broadcast_to(sweeps.presets.values[:, None, None, discrete], sweeps.values[..., discrete].shape)
    np.testing.assert_array_equal(sweeps.values[..., discrete], kept)
    assert (np.ptp(sweeps.values, axis=2).max(axis=-1) > 0.01).all(), "every knob moves something"
    np.testing.assert_array_equal(
        corpus.render(sweeps.values[1, 2, -1:])[0].any(), sweeps.mel[1, 2, -1].any()
    )
    assert sweeps.changes_db().shape == (2, 3)
    verdicts = sweeps.judge(Scale.fit(corpus.train.descriptors))
    assert [verdict.macro for verdict in verdicts] == list(MACROS[:3])


def test_one_parameter_is_the_one_that_tells_most(corpus: Corpus) -> None:
    descriptors = corpus.train.descriptors.copy()
    descriptors[:, 0] = -3.0 * corpus.train.values[:, 3]
    peer = one_parameter(replace(corpus, train=replace(corpus.train, descriptors=descriptors)), "bright")
    assert peer == OneParameter(3, -1)
    turned = peer.turn(corpus.test.values[0], STOPS)
    np.testing.assert_array_equal(turned[:, 3], np.linspace(1.0, 0.0, STOPS, dtype=np.float32))
    np.testing.assert_array_equal(np.delete(turned, 3, 1), np.delete(corpus.test.values[[0] * STOPS], 3, 1))


def test_a_model_of_other_parameters_is_refused(model: MacroModel, corpus: Corpus) -> None:
    other = replace(corpus, parameters=corpus.parameters[::-1])
    with pytest.raises(ModelError, match="parameters of Tsumami Flow_heads must be the 6 of Tsumami"):
        Knobs(model, other)


def test_a_figure_has_every_stop_and_the_curves(sweeps: Sweeps, corpus: Corpus) -> None:
    scale = Scale.fit(corpus.train.descriptors)
    drawn = draw_sweeps(sweeps, [0, 2], NAMES, scale, "Flow_heads")
    assert len(drawn.axes) == 2 * (STOPS + 1)
    curves = drawn.axes[STOPS]
    assert 0 < len(curves.lines) <= CURVES
    moved = {text.get_text() for text in curves.texts}
    ranges = np.ptp(sweeps.values[0, 0], axis=0)
    assert NAMES[int(ranges.argmax())] in moved
    assert curves.get_xticklabels()[0].get_text() == "dark ← 0"
    assert sweeps.descriptors.shape[-1] == len(DESCRIPTORS)


def test_names_of_curves_do_not_touch() -> None:
    for ends in ([0.0, 0.0, 0.0], [0.9, 1.0, 1.0, 1.0], [0.2, 0.21, 0.9]):
        places = np.array(spread_out(np.array(ends, np.float32)))
        assert (np.diff(places) > 0.15).all()
        assert places.max() <= 1.0 + 1e-6
