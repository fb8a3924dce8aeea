"""`tsumami bench detection`: its figures are what they are defined as, and its damage is what it says."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.melody import melody
from tsumami.bridge.bench import damage as damages
from tsumami.bridge.bench import detection
from tsumami.engine.errors import SoundError
from tsumami.engine.restoration import Damage, DamageKind

RATE = 8_000


@pytest.mark.parametrize("do", [damages.zeros, damages.repeats, damages.clicks(3.0)])
def test_damage_is_where_it_is_said_and_comes_again_by_its_seed(do: detection.Damages) -> None:
    whole = melody(8.0, RATE, 2, seed=1)
    damaged, done = do(whole, RATE, 3)
    mask = np.zeros(len(whole), bool)
    for one in done:
        mask[one.begin : one.end] = True
    assert 5 < len(done) <= 16
    np.testing.assert_array_equal(damaged[~mask], whole[~mask])
    assert (damaged[mask] != whole[mask]).any(axis=1).mean() > 0.9
    np.testing.assert_array_equal(do(whole, RATE, 3)[0], damaged)
    assert do(whole, RATE, 4)[1] != done


def test_a_score_counts_hits_false_alarms_and_edges() -> None:
    score = detection.Score()
    done = [Damage(100, 200, DamageKind.ZEROS), Damage(500, 600, DamageKind.ZEROS)]
    found = [
        Damage(103, 199, DamageKind.ZEROS, 0),
        Damage(500, 540, DamageKind.ZEROS),
        Damage(900, 901, DamageKind.CLICKS),
    ]
    score.add(found, done, DamageKind.ZEROS)
    rows = {row.what: row.value for row in score.rows("zeros")}
    assert rows["zeros: recall, of 2"] == 50.0, "less than half of the other was found"
    assert rows["zeros: precision"] == pytest.approx(200.0 / 3.0)
    assert rows["zeros: mean error of an edge"] == 2.0


def test_figures_of_a_made_up_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(tmp_path / "piece.wav", melody(8.0, RATE, 2, seed=2), RATE, subtype="FLOAT")
    monkeypatch.setattr(detection, "_DONE", {"zeros": (DamageKind.ZEROS, damages.zeros)})
    report = detection.run(tmp_path, [tmp_path])
    rows = {row.what: row.value for row in report.rows}
    assert rows["music: searched"] == pytest.approx(16.0 / 3600.0)
    assert rows["music: false alarms an hour"] == 0.0
    assert rows[f"{tmp_path.name}: false zeros"] == 0.0
    assert rows["zeros: precision"] == 100.0


def test_no_music_is_said(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="data must be a folder of music"):
        detection.run(tmp_path)
