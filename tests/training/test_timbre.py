"""The timbre models: losses as the paper writes them, an encoder that is causal, trainings that go on."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from tsumami.engine.errors import ModelError
from tsumami.engine.timbre.encoder import TimbreEncoder
from tsumami.engine.timbre.features import BANDS, features_of
from tsumami.training.timbre.blstm_vae import BINS, SIZE, BlstmVae, exponential_loss, powers_of
from tsumami.training.timbre.encoder import PITCH, TIMBRE, Encoder
from tsumami.training.timbre.encoder_data import Split, features_from, levels_of, split_of
from tsumami.training.timbre.encoder_fit import fit_encoder
from tsumami.training.timbre.erasure import erasure_of
from tsumami.training.timbre.evaluate import evaluate
from tsumami.training.timbre.evaluation_files import save_page
from tsumami.training.timbre.fit import fit
from tsumami.training.timbre.instruments import TEST, VALIDATION, learned_from, read_instruments
from tsumami.training.timbre.metric_losses import hardest_triplets, supervised_contrastive
from tsumami.training.timbre.notes import LOWEST_NOTE, Notes, at_peak, frames_of
from tsumami.training.timbre.pairwise import contrastive_loss, mated
from tsumami.training.timbre.preset_notes import patch_bank, played
from tsumami.training.timbre.probes import linear_probe
from tsumami.training.timbre.retrieval import found_again, mfcc_means, ranks
from tsumami.training.timbre.run import Trained
from tsumami.training.timbre.schedule import ENCODER, PAPER
from tsumami.training.timbre.separation import separation_of
from tsumami.training.timbre.ship import save_encoder

SMOKE = ENCODER["smoke"]
FACTS = {
    "command": "tsumami evaluate timbre",
    "date": "2026-01-01",
    "machine": {"cpu": "x", "cores": 1, "os": "y", "python": "3"},
}


def notes_of(names: tuple[str, ...], each: int, seed: int, span: int = 36, seconds: float = 0.8) -> Notes:
    """Harmonic tones; each name has harmonics of its own, at so many of the ``span`` lowest pitches."""
    rng = np.random.default_rng(seed)
    sounds, notes, timbres = [], [], []
    time = np.arange(frames_of(seconds)) / 22_050
    for timbre in range(len(names)):
        shape = rng.uniform(0.0, 1.0, 10) ** 2
        for note in LOWEST_NOTE + rng.permutation(span)[:each]:
            hz = 440.0 * 2.0 ** ((note - 69) / 12)
            sound = sum(gain * np.sin(2 * np.pi * hz * (k + 1) * time) for k, gain in enumerate(shape))
            sounds.append(at_peak(np.asarray(sound * np.exp(-2.0 * time)), len(time)))
            notes.append(int(note))
            timbres.append(timbre)
    return Notes(np.stack(sounds), np.array(notes), np.array(timbres), names)


@pytest.fixture(scope="module")
def instruments() -> Notes:
    return notes_of((*TEST, *VALIDATION, "cello", "tuba"), 8, 1, span=8)


@pytest.fixture(scope="module")
def split(instruments: Notes) -> Split:
    patches = notes_of(tuple(f"patch {n}" for n in range(6)), 2, 2)
    presets = notes_of(tuple(f"preset {n}" for n in range(24)), 3, 3)
    return split_of(instruments, patches, presets, SMOKE, 1)


def test_the_pairwise_loss_is_the_papers() -> None:
    latents = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([7, 7, 7, 8])
    total = 0.0
    for first, second, sign in ((0, 1, 1.0), (2, 3, -1.0)):
        one, two = latents[first], latents[second]
        within = sum(float((some[a] - some[b]).norm()) for some in (one, two) for a, b in _pairs(5))
        between = sum(float((one[a] - two[b]).norm()) for a in range(5) for b in range(5))
        total += within + sign * between
    assert float(contrastive_loss(latents, labels)) == pytest.approx(total, rel=1e-5)


def _pairs(count: int) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(count), 2))


def test_the_exponential_likelihood_is_highest_at_the_power_itself() -> None:
    power = torch.rand(2, 6, BINS, generator=torch.Generator().manual_seed(2)) + 0.1
    at, over, under = (exponential_loss(power, power * factor) for factor in (1.0, 1.3, 0.7))
    assert bool((at < over).all())
    assert bool((at < under).all())


def test_pairs_are_alike_in_pitch_in_timbre_or_in_nothing(instruments: Notes) -> None:
    rows = np.tile(np.arange(len(instruments)), 8)
    pairs = mated(instruments, rows, np.random.default_rng(1))
    assert pairs.shape == (len(rows), 2)
    for labels in (instruments.notes, instruments.timbres):
        assert 1 / 3 < np.mean(labels[pairs[:, 0]] == labels[pairs[:, 1]]) < 2 / 3


def test_the_paper_model_begins_at_the_mean_spectrum() -> None:
    power = torch.rand(4, 6, BINS, generator=torch.Generator().manual_seed(5)) ** 8
    model = BlstmVae(4).eval()
    model.measure(power)
    with torch.inference_mode():
        made = model.decode(torch.zeros(1, 6, SIZE), torch.zeros(1, 6, SIZE))[0, 0]
    assert 0.5 < float((made / power.mean((0, 1))).median()) < 2.0


def test_what_pitch_does_to_a_timbre_is_taken_out() -> None:
    rng = np.random.default_rng(8)
    timbres, pitches = np.repeat(np.arange(30), 12), np.tile(np.arange(4), 90)
    places, moves = rng.normal(size=(30, 16)), 2.0 * rng.normal(size=(4, 16))
    vectors = (places[timbres] + moves[pitches] + 0.1 * rng.normal(size=(360, 16))).astype(np.float32)
    cleared = vectors @ erasure_of(vectors, timbres, pitches, 3).T
    assert linear_probe(vectors, pitches, 1) > 0.9
    assert linear_probe(cleared, pitches, 1) < 0.4, "1 of 4 by chance"
    assert linear_probe(cleared, timbres, 1) > 0.9


def test_spectrograms_have_mean_power_one() -> None:
    sounds = torch.randn(3, 22_050, generator=torch.Generator().manual_seed(3))
    power = powers_of(sounds, 1.0)
    assert power.shape == (3, 87, BINS)
    torch.testing.assert_close(power.mean((1, 2)), torch.ones(3))


def test_metric_losses_prefer_what_is_apart() -> None:
    labels = torch.arange(12) // 3
    kinds = torch.nn.functional.one_hot(labels, 8).float()
    mixed = torch.nn.functional.normalize(
        torch.randn(12, 8, generator=torch.Generator().manual_seed(4)), dim=1
    )
    for loss in (supervised_contrastive, hardest_triplets):
        assert float(loss(kinds, labels)) < float(loss(mixed, labels))
    assert float(hardest_triplets(kinds, labels)) == 0.0


def test_separation_sees_neither_scale_nor_place() -> None:
    rng = np.random.default_rng(6)
    labels = np.repeat(np.arange(4), 5)
    latents = (rng.normal(size=(20, 9, 3)) + 3.0 * labels[:, None, None]).astype(np.float32)
    here, there = separation_of(latents, labels), separation_of(7.0 * latents + 2.0, labels)
    assert here == pytest.approx(there, rel=1e-4)
    loose = separation_of(rng.normal(size=(20, 9, 3)).astype(np.float32), labels)
    assert here.compactness < loose.compactness
    assert here.dispersion > loose.dispersion


def test_ranks_count_who_is_nearer() -> None:
    index = np.array([[0.0], [1.0], [3.0]], np.float32)
    assert ranks(index, np.array([[0.9], [0.9]], np.float32), np.array([1, 2])).tolist() == [0, 2]


def test_a_timbre_alone_in_its_place_is_found_again() -> None:
    vectors = np.repeat(np.eye(8, dtype=np.float32), 3, axis=0)
    assert found_again(vectors, np.repeat(np.arange(8), 3), 1) == {1: 1.0, 5: 1.0}


def test_no_timbre_is_learned_and_judged(split: Split) -> None:
    parts = [
        set(part.names)
        for part in (split.train, split.validation, split.test_presets, split.test_instruments)
    ]
    assert all(not first & second for first, second in itertools.combinations(parts, 2))
    assert set(split.test_instruments.names) == set(TEST)


def test_features_are_the_engines(split: Split) -> None:
    sound = split.train.sounds[0].astype(np.float32)
    ours = features_from(torch.from_numpy(levels_of(split.train.first(1)).astype(np.float32)))[0]
    np.testing.assert_allclose(
        ours.numpy(), features_of(sound), atol=2e-3, err_msg="levels in half precision"
    )


def test_the_encoder_is_causal() -> None:
    torch.manual_seed(7)
    model = Encoder().eval()
    features = torch.rand(2, 24, BANDS)
    changed = features.clone()
    changed[:, 12:] = torch.rand(2, 12, BANDS)
    with torch.inference_mode():
        before, after = model(features), model(changed)
    for first, second, size in zip(before, after, (TIMBRE, PITCH), strict=True):
        assert first.shape == (2, 12, size)
        torch.testing.assert_close(first[:, :6], second[:, :6])
        assert not torch.allclose(first[:, -1], second[:, -1])


def test_an_encoder_that_was_stopped_goes_on_as_if_it_had_not_been(split: Split, tmp_path: Path) -> None:
    from dataclasses import replace

    schedule = replace(SMOKE, epochs=2)
    whole = fit_encoder(split, "contrastive", tmp_path / "whole", schedule)
    fit_encoder(split, "contrastive", tmp_path / "parts", schedule, stop_after=1)
    parts = fit_encoder(split, "contrastive", tmp_path / "parts", schedule)
    for name, tensor in whole.model.state_dict().items():
        torch.testing.assert_close(tensor, parts.model.state_dict()[name], rtol=0.0, atol=0.0)
    with pytest.raises(ModelError, match="folder must be new or of the same training"):
        fit_encoder(split, "triplet", tmp_path / "parts", schedule)


def test_what_is_written_runs_in_the_engine_and_is_judged(
    split: Split, instruments: Notes, tmp_path: Path
) -> None:
    encoder = fit_encoder(split, "contrastive", tmp_path / "encoder", SMOKE, command="tsumami train timbre")
    paper = tuple(fit(instruments, name, tmp_path / name, PAPER["smoke"]) for name in ("VAE", "metric_VAE"))
    contract = save_encoder(encoder, split.validation, tmp_path / "model.onnx")
    assert contract.metrics["export error"] < 1e-4
    assert "tsumami train timbre" in (tmp_path / "model.md").read_text("utf-8")
    heard = TimbreEncoder(tmp_path / "model.onnx")
    heard.prepare()
    assert heard.vectors_of(split.train.sounds[0].astype(np.float32)) is not None
    evaluation = evaluate(Trained(paper, (encoder,)), instruments, split, 1, lambda _: None)
    pages = save_page(evaluation, tmp_path / "results", FACTS)
    assert all(page.stat().st_size > 0 for page in pages)
    text = pages[0].read_text("utf-8")
    for word in ("metric_VAE", "encoder, contrastive", "MFCC means", "the paper's"):
        assert word in text


def test_the_paper_model_has_two_spaces() -> None:
    model = BlstmVae(4).eval()
    spaces = model.encode(torch.rand(2, 7, BINS))
    assert set(spaces) == {"pitch", "timbre"}
    assert all(space.mean.shape == (2, 7, SIZE) for space in spaces.values())
    assert bool((spaces["pitch"].divergence() >= 0.0).all())


def test_patches_are_played_at_different_pitches() -> None:
    notes = played(patch_bank(3, 1), 2, 1)
    assert set(notes.timbres) <= {0, 1, 2}
    for timbre in set(notes.timbres.tolist()):
        assert len(set(notes.notes[notes.timbres == timbre].tolist())) == 2
    assert mfcc_means(notes).shape == (len(notes), 19)


def test_data_without_its_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"data must be a folder with a readable notes.csv"):
        read_instruments(tmp_path)
    (tmp_path / "notes.csv").write_text("file,instrument,midi\na.wav,tuba,60\n", "utf-8")
    with pytest.raises(ModelError, match=r"data must hold violin, .* got tuba"):
        read_instruments(tmp_path)


def test_instruments_of_the_test_are_not_learned_from(instruments: Notes) -> None:
    assert set(learned_from(instruments).names) == {"cello", "tuba"}
