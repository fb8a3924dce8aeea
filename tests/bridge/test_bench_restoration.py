"""`tsumami bench restoration`: its protocols lose what they say, its figures are what they are defined as."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tsumami.bridge.bench import restoration
from tsumami.bridge.bench.concealers import PEERS
from tsumami.engine.errors import SoundError


def test_bursts_are_as_long_and_as_many_as_they_should_be() -> None:
    lost = restoration.bursts(200_000, seed=1)
    edges = np.flatnonzero(np.diff(lost, prepend=False, append=False)).reshape(-1, 2)
    lengths = np.diff(edges, axis=1)
    assert lost.mean() == pytest.approx(0.1, abs=0.005)
    assert lengths.mean() == pytest.approx(1.5, abs=0.03)
    assert lengths.max() == 6
    assert not lost[:20].any()


def test_gaps_come_each_quarter_of_a_second() -> None:
    for protocol in restoration.protocols()[2:]:
        lost = np.flatnonzero(protocol.lost(400, 0))
        assert set(np.diff(lost) * protocol.packet) == {round(4000 / protocol.packet) * protocol.packet}


def test_figures_of_known_sounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time = np.arange(12 * 44_100) / 44_100
    soundfile.write(tmp_path / "tone.wav", 0.3 * np.sin(2 * np.pi * 440 * time), 44_100)
    (tmp_path / "licence.txt").write_text("mine")
    short_gaps = restoration.protocols()[2:3]
    monkeypatch.setattr(restoration, "protocols", lambda: short_gaps)
    report = restoration.run(tmp_path)
    rows = {(row.what.split(": ")[1], row.peer): row for row in report.rows}
    assert {peer for _, peer in rows if peer} == {
        *PEERS,
        "autoregressions alone",
        "no model",
        "none ahead",
        "the music there",
    }
    ours = rows["packet NMSE", "zero-fill"]
    assert ours.peer_value == pytest.approx(0.0, abs=1e-6), "zero-fill is the truth's own energy off"
    assert ours.value < -40.0
    repeated = rows["packet NMSE", "repeat"].peer_value
    assert repeated is not None
    assert repeated > -20.0
    assert rows["largest step at a joint", "the music there"].value < 1.1, "it fades, and does not click"
    assert rows["SDR, worst clip", ""].value > 3.0, "over zero-fill, though long bursts fade to silence"
    assert 0.0 < rows["CPU time for a second", ""].value < 10.0


def test_no_music_is_said(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="data must be a folder of music"):
        restoration.run(tmp_path)
