"""`tsumami bench groove`: its rows are there, aubio's beside them, and nothing is shown without data."""

from pathlib import Path

import numpy as np
import pytest

from tests.drum_sounds import play, rock
from tests.groove_data import write_data
from tsumami.bridge.bench import groove, onset_peers
from tsumami.engine.errors import ParameterError, SoundError

_RATE = 48_000


def test_aubio_hears_the_same_drums() -> None:
    setting = onset_peers.Setting("hfc", 0.3, 512, 128)
    found = onset_peers.onsets(play(rock(2, 110.0), _RATE), _RATE, setting)
    played = np.unique([time for time, _, _ in rock(2, 110.0)])
    assert np.abs(found[:, None] - played).min(axis=0).max() < 0.03
    biased = onset_peers.Setting("hfc", 0.3, 512, 128, bias_seconds=0.01)
    np.testing.assert_allclose(onset_peers.onsets(play(rock(2, 110.0), _RATE), _RATE, biased), found - 0.01)


def test_rows_of_a_small_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onset_peers, "settings", lambda: iter([onset_peers.Setting("hfc", 0.3, 512, 128)]))
    monkeypatch.setattr(groove, "_OTHER_KITS", tmp_path)
    report = groove.run(write_data(tmp_path / "data"), pieces=1)
    rows = {row.what: row for row in report.rows}
    assert rows["onsets: F within 10 ms, mean of pieces"].value > 0.9
    assert rows["onsets: F within 10 ms, mean of pieces"].peer.startswith("aubio hfc")
    assert rows["report after the hit at 64-frame blocks, median"].value < 9.0
    assert rows["known offset of -40 ms: error of the bias, mean over pieces"].value < 2.0
    assert rows["grid: pieces whose beats are found, tempo given"].value == 1.0
    assert report.bench == "groove-hits"


def test_no_data_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SoundError, match="data must be a folder with groove_midi and drum_kit"):
        groove.run()
    with pytest.raises(SoundError, match="data must be a folder with groove_midi and drum_kit"):
        groove.run(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ParameterError, match="aubioonset must be installed to compare with"):
        groove.run(tmp_path)
