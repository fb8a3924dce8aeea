"""Loops by sequence, what is learned of them, and the way from a training to a page, by command."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.command import run_tsumami, run_tsumami_json
from tests.loops_data import write_loops_data
from tsumami.bridge.commands.train_loops import LoopsModel
from tsumami.engine.errors import SoundError
from tsumami.engine.loops.assembly import STEPS
from tsumami.engine.loops.generator import LoopGenerator
from tsumami.engine.loops.wishes import KINDS, WISHES, Wish
from tsumami.training.loops.basis import find_basis
from tsumami.training.loops.data import loop_data
from tsumami.training.loops.fit import fit
from tsumami.training.loops.loop_set import SAMPLE_RATE, Sequenced, hash_of, sequence
from tsumami.training.loops.metrics import bins_apart, density_and_coverage, memorised, vendi
from tsumami.training.loops.networks import LATENTS, SOUNDS, Critic, Generator
from tsumami.training.loops.objective import energy_distance
from tsumami.training.loops.paper import (
    FRAMES,
    UNIFORM,
    Discriminator,
    PaperGenerator,
    critic_loss,
    generator_loss,
    lengths,
)
from tsumami.training.loops.patterns import bassline
from tsumami.training.loops.schedule import SCHEDULES
from tsumami.training.loops.variants import VARIANTS

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_loops_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def loops(data: Path) -> list[Sequenced]:
    return sequence(data, "train", 12, seed=1)


@given(st.integers(0, 10_000))
def test_a_bassline_stays_in_its_key_and_begins_on_one(seed: int) -> None:
    pattern = bassline(np.random.default_rng(seed), 0)
    steps = [tone.step for tone in pattern.tones]
    assert steps[0] == 0
    assert steps == sorted(set(steps))
    assert 86 <= pattern.bpm <= 172
    for tone, following in zip(pattern.tones, [*steps[1:], STEPS], strict=True):
        assert tone.step + tone.steps <= following  # one string, one note


def test_the_same_seed_is_the_same_loops(data: Path, loops: list[Sequenced]) -> None:
    assert hash_of(sequence(data, "train", 12, seed=1)) == hash_of(loops)
    assert hash_of(sequence(data, "train", 12, seed=2)) != hash_of(loops)


def test_loops_are_of_both_kinds_and_a_bar_long(loops: list[Sequenced]) -> None:
    assert [sum(loop.pattern.kind == kind for loop in loops) for kind in KINDS] == [12, 12]
    for loop in loops:
        assert len(loop.audio()) == round(240 / loop.pattern.bpm * SAMPLE_RATE)


def test_a_basis_of_all_gives_the_sounds_back(loops: list[Sequenced]) -> None:
    """Twelve loops of each kind have fewer different sounds than there are shapes."""
    basis = find_basis(loops, seed=1)
    for loop in loops:
        found = basis.sounds(basis.weights(loop))
        error = np.square(found - loop.sounds).sum() / np.square(loop.sounds).sum()
        assert error < 1e-3, "30 dB under the sounds"


def test_data_without_bass_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bass_notes").mkdir()
    with pytest.raises(SoundError, match="data must have bass_notes of every loudness"):
        sequence(tmp_path, "train", 1, seed=1)


def test_what_goes_round_goes_round() -> None:
    """Whoever turns the steps of a loop turns all that the critic's layers say of them."""
    torch.manual_seed(0)
    generator = Generator(torch.randn(288, 224)).eval()
    conv, *_ = generator.layers
    x = torch.randn(2, 96, STEPS)
    torch.testing.assert_close(conv(x.roll(5, 2)), conv(x).roll(5, 2), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", VARIANTS)
def test_networks_have_the_shapes_that_they_say(name: str) -> None:
    variant = VARIANTS[name]
    generator = Generator(torch.randn(288, 224), is_normed=variant.is_normed)
    critic = Critic(is_varied=variant.is_varied, is_spectral=variant.is_spectral, is_normed=variant.is_normed)
    wishes = torch.from_numpy(np.stack([Wish("drums").numbers()] * 8))
    made = generator(torch.randn(8, LATENTS), wishes)
    assert made.shape == (8, 225, STEPS)
    assert generator.shares(torch.randn(8, LATENTS), wishes)[:, : SOUNDS["bass"]].max() == 0.0
    assert critic(made, wishes).shape == (8,)


def test_the_papers_networks_halve_and_double() -> None:
    assert lengths() == [4096, 2047, 1023, 511, 255]
    sound = PaperGenerator()(torch.rand(4, UNIFORM))
    assert sound.shape == (4, 1, FRAMES)
    assert Discriminator()(sound).shape == (4,)


def test_a_critic_that_is_sure_still_teaches_the_paper_s_generator() -> None:
    """At log odds of -200 a sigmoid is 0 in float32, and so is the slope of its logarithm."""
    odds = torch.full((4,), -200.0, requires_grad=True)
    generator_loss(odds).backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(odds.grad, torch.full((4,), -0.25))
    assert critic_loss(-odds, odds).item() == 0.0


def test_the_energy_distance_is_none_between_samples_of_one_kind() -> None:
    torch.manual_seed(0)
    first, second = torch.randn(400, 5), torch.randn(400, 5)
    # Its deviation for 400 of each is about 0.01.
    assert abs(energy_distance(first, second).item()) < 0.05
    assert energy_distance(first, second + 3.0).item() > 3.0


def test_copies_are_told_from_what_is_new() -> None:
    learned = RNG.normal(0.0, 1.0, (60, 10)).astype(np.float32)
    other = RNG.normal(0.0, 1.0, (60, 10)).astype(np.float32)
    assert memorised(learned + np.float32(1e-3), learned) == 1.0
    assert memorised(other, learned) < 0.1


def test_a_collapse_is_seen_by_every_measure() -> None:
    learned, true, varied = (RNG.normal(0.0, 1.0, (200, 6)).astype(np.float32) for _ in range(3))
    same = np.repeat(varied[:1], 200, axis=0)
    assert density_and_coverage(varied, true)[1] > 0.9 > 0.1 > density_and_coverage(same, true)[1]
    assert bins_apart(varied, learned)[0] < 0.3 < bins_apart(same, learned)[0]
    assert bins_apart(varied, learned)[1] < 0.1 < bins_apart(same, learned)[1]
    assert vendi(same, 3.0) == pytest.approx(1.0)
    assert vendi(varied, 3.0) > 20.0


def test_a_stopped_training_ends_as_an_uninterrupted_one(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    two = replace(SCHEDULES["smoke"], epochs=2, steps=2)
    monkeypatch.setitem(SCHEDULES, "smoke", two)
    found = loop_data(data, two, 1)
    whole = fit(found, "energy", tmp_path / "whole", budget="smoke")
    fit(found, "energy", tmp_path / "stopped", budget="smoke", stop_after=1)
    resumed = fit(found, "energy", tmp_path / "stopped", budget="smoke")
    wishes = np.stack([Wish("bass").numbers()] * 3)
    np.testing.assert_array_equal(whole.weights(wishes, 1), resumed.weights(wishes, 1))


def test_from_data_to_page_by_command(data: Path, tmp_path: Path) -> None:
    runs, out, results = tmp_path / "runs", tmp_path / "loops.onnx", tmp_path / "results"
    given = ("--data", str(data))
    words = ("train", "loops", *given, "--folder", str(runs), "--budget", "smoke")
    both = run_tsumami_json(*words, "--model", "paper", "--model", "drawn", "--out", str(out))
    assert [run["model"] for run in both["runs"]] == ["paper", "drawn"]
    assert "tsumami train loops" in out.with_suffix(".md").read_text("utf-8")
    assert LoopGenerator(out).latents == LATENTS + STEPS
    folder = tmp_path / "loops"
    made = run_tsumami_json(
        "loops", str(folder), "--model", str(out), "--bpm", "100", "--count", "3", "--seed", "7", "--plot"
    )
    assert made["frames"] == round(2.4 * 48_000)
    assert sorted(path.name for path in folder.iterdir()) == ["0001.wav", "0002.wav", "0003.wav", "loops.png"]
    assert soundfile.info(str(folder / "0001.wav")).frames == made["frames"]
    again = run_tsumami("loops", str(folder), "--model", str(out))
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "out must have none of the files to write" in again.stderr
    judged = run_tsumami_json(
        "evaluate", "loops", *given, "--runs", str(runs), "--table", "--out", str(results)
    )
    assert [row["loops"] for row in judged["rows"]] == ["true loops", "learned loops", "drawn"]
    names = {path.name for path in results.iterdir()}
    assert names == {"loops.md", "loops.json", "loops-places.png", "loops-pairs.png", "loops-paper.png"}
    assert json.loads((results / "loops.json").read_text())["rows"] == judged["rows"]


def test_what_is_learned_from_can_be_had_as_files(data: Path, tmp_path: Path) -> None:
    words = ("train", "loops", "--data", str(data), "--budget", "smoke", "--write-loops", str(tmp_path))
    paths = run_tsumami_json(*words)["loops"]
    listed = json.loads((tmp_path / "loops.json").read_text())
    assert [str(tmp_path / loop["file"]) for loop in listed] == paths
    assert [sum(loop["kind"] == kind for loop in listed) for kind in KINDS] == [16, 16]
    for loop in listed:
        with soundfile.SoundFile(tmp_path / loop["file"]) as file:
            assert len(file) == round(240 / loop["bpm"] * SAMPLE_RATE)
            assert file.comment.startswith(f"{loop['bpm']} bpm, 1 bar")
            assert file.comment.endswith(loop["key"])
    again = run_tsumami(*words)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "folder must be one without loops" in again.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--bpm", "400"), "bpm must be 40-240, got 400"),
        (("--bars", "0"), "bars must be 1-8, got 0"),
        (("--density", "2"), "density must be 0-1, got 2"),
        (("--model", "nothing.onnx"), "model file must be readable, got nothing.onnx"),
    ],
)
def test_bad_wishes_are_refused_in_one_line(tmp_path: Path, words: tuple[str, ...], reason: str) -> None:
    done = run_tsumami("loops", str(tmp_path / "out"), *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_the_command_line_offers_every_variant() -> None:
    assert [name.value for name in LoopsModel] == ["paper", *VARIANTS]
    assert len(Wish().numbers()) == WISHES
