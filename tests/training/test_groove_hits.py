"""What the hit detector learns: labels where the truth is, a network that the engine computes alike."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.drum_sounds import play, rock
from tests.groove_data import write_data, write_hydrogen_kit
from tsumami.bridge.commands.train_groove import hits
from tsumami.engine.groove import HIT_DTYPE, LANES, HitDetector
from tsumami.engine.groove.detector import band_levels
from tsumami.engine.groove.hit_kernels import inputs_at
from tsumami.engine.groove.hit_state import DELAY_FRAMES, INPUTS, SCORES_KEPT
from tsumami.engine.groove.hit_table import read_hit_table
from tsumami.training.groove import hit_training
from tsumami.training.groove.grid_priors import grid_priors
from tsumami.training.groove.hit_examples import targets
from tsumami.training.groove.hit_network import HitNetwork
from tsumami.training.groove.hit_scores import Count, count, match_times, onset_times, score
from tsumami.training.groove.performances import HIT_DTYPE as TRUE_DTYPE

_RATE = 48_000


def test_scores_are_highest_where_the_hit_is() -> None:
    true = np.array([(0.1003, 38, 100, 0.0, "snare"), (0.1003, 42, 60, 0.0, "hat")], TRUE_DTYPE)
    scores, offsets = targets(true, 300)
    frame = 100 + DELAY_FRAMES
    for lane in ("snare", "hat", "other"):
        index = LANES.index(lane)
        assert scores[:, index].argmax() == frame
        assert scores[frame, index] == 1.0
        assert offsets[frame, index] == pytest.approx(0.3, abs=1e-4)
        assert offsets[frame + 1, index] == pytest.approx(-0.7, abs=1e-4)
    assert scores[:, LANES.index("kick")].max() == 0.0


def test_the_engine_computes_what_torch_has_trained() -> None:
    torch.manual_seed(0)
    network = HitNetwork()
    audio = play(rock(1, 110.0), _RATE)
    detector = HitDetector(network.table((0.99,) * len(LANES), (0.0,) * len(LANES)))
    detector.prepare(_RATE, 64)
    hop = int(detector.state[0]["hop"])
    frames = len(audio) // hop
    detector.process(audio[: frames * hop])
    levels, loudest = band_levels(audio, _RATE)
    inputs = np.zeros((1, INPUTS), np.float32)
    inputs_at(levels, loudest, np.array([frames - 1]), inputs)
    with torch.no_grad():
        outputs = network(torch.from_numpy(inputs))[0]
    found = detector.state[0]["scores"][(frames - 1) % SCORES_KEPT]
    lanes = len(LANES)
    np.testing.assert_allclose(found[:lanes], torch.sigmoid(outputs[:lanes]), atol=1e-5)
    np.testing.assert_allclose(found[lanes:], outputs[lanes:], atol=1e-4)


def test_matching_is_one_to_one() -> None:
    true, found = np.array([0.0, 0.01, 1.0]), np.array([0.004, 0.5, 1.0, 1.001])
    assert match_times(true, found, 0.008).tolist() == [[0, 0], [2, 2]]
    assert count(true, found, 8.0) == Count(2, 1, 2)
    assert Count(2, 1, 2).f == pytest.approx(4 / 7)
    assert (Count(2, 1, 2).recall, Count(2, 1, 2).precision) == pytest.approx((2 / 3, 0.5))


def test_hits_at_one_instant_are_one_onset() -> None:
    np.testing.assert_array_equal(onset_times(np.array([0.0, 0.004, 0.0051, 0.2])), [0.0, 0.0051, 0.2])


def test_a_perfect_hearing_scores_one() -> None:
    true = np.array([(t, 38, v, 0.0, "snare") for t, v in ((0.1, 30), (0.2, 90), (0.3, 40))], TRUE_DTYPE)
    found = np.zeros(3, HIT_DTYPE)
    found["sample"] = true["time_seconds"] * _RATE + 48.0
    found["reported_sample"] = found["sample"] + 336.0
    found["lane"] = LANES.index("snare")
    result = score(true, found, _RATE)
    assert result.plain[5.0].f == result.lanes["snare"].f == 1.0
    assert (result.ghosts.matched, result.ghosts.missed) == (2, 0)
    np.testing.assert_allclose(result.errors_ms, 1.0)
    np.testing.assert_allclose(result.delays_ms, 8.0)
    nothing = score(true, found[:0], _RATE)
    assert nothing.plain[10.0].f == nothing.ghosts_in_lane.recall == 0.0


@pytest.mark.slow
def test_a_small_training_writes_a_table_that_the_engine_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_data(tmp_path / "data")
    write_hydrogen_kit(tmp_path / "kits" / "Small")
    monkeypatch.setattr(hit_training, "LEARNED_KITS", ("Small",))
    monkeypatch.setattr(hit_training, "_VARIATIONS", 1)
    out = tmp_path / "hits.json"
    hits(data, out, tmp_path / "kits", renders=3, epochs=2, seed=1)
    lines = capsys.readouterr().err.splitlines()
    losses = [float(line.split()[-1]) for line in lines if line.startswith("epoch")]
    assert losses[1] < losses[0]
    assert len(read_hit_table(out).thresholds) == len(LANES)
    assert json.loads(out.read_text())["about"]["renders"] == 3


def test_priors_say_where_lanes_are_played(tmp_path: Path) -> None:
    priors = grid_priors(write_data(tmp_path))
    assert priors["bpm"] == pytest.approx(110.0, abs=0.1)
    assert priors["feels"]["straight"]["hat"] == [0.5, 0.0, 0.5, 0.0]
    assert priors["bar"]["snare"] == [0.0, 0.5, 0.0, 0.5]
