"""The bench of the repair measures what it says."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tsumami.bridge.bench.concealing import conceal, relative_db
from tsumami.bridge.bench.repair import run
from tsumami.bridge.bench.repair_live import SAMPLE_RATE, LiveRepair
from tsumami.bridge.bench.restoration import bursts
from tsumami.bridge.commands.bench import bench
from tsumami.engine.errors import SoundError


def test_a_lost_block_fits_and_plans_are_timed_beside_a_copy(tmp_path: Path) -> None:
    done = CliRunner().invoke(bench, ["repair", "--rounds", "30", "--json", "--output", str(tmp_path)])
    assert done.exit_code == 0, done.output
    rows = {row["what"]: row for row in json.loads(done.stdout)["rows"]}
    lost, copied = rows["lost block: load, p50"], rows["lost block: load, p50"]["peer_value"]
    assert lost["peer"] == "pass-through stage"
    assert lost["value"] > rows["block without a loss: load, p50"]["value"] > copied > 0
    assert (
        rows["fits of 2 channels: own time, p50"]["value"] > rows["fits of 1 channel: own time, p50"]["value"]
    )
    assert rows["plan of a channel: own time, p50"]["value"] > 0
    assert (tmp_path / "repair.md").exists()


def test_live_repair_is_nearer_with_plans_and_leaves_what_came() -> None:
    """Noise in a loop: only what was played before foresees it."""
    packet = 512
    loop = np.random.default_rng(2).normal(0, 0.1, (SAMPLE_RATE // 4, 1)).astype(np.float32)
    clip = np.tile(loop, (12, 1))
    lost = bursts(len(clip) // packet, 1)
    gone = np.repeat(lost, packet)
    truth = clip[: len(gone), 0]
    errors = []
    for is_planning in (True, False):
        played = conceal(clip, lost, LiveRepair(is_planning=is_planning), packet)
        touched = np.convolve(gone, np.ones(1 + SAMPLE_RATE // 500))[: len(gone)] > 0
        np.testing.assert_array_equal(played[~touched], truth[~touched])
        errors.append(relative_db((played - truth)[gone], truth[gone]))
    assert errors[0] < errors[1] - 1.0


def test_a_folder_without_music_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="data must be a folder of music"):
        run(data=tmp_path)
