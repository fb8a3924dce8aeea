"""The bench of the repair measures what it says."""

import json
from pathlib import Path

from typer.testing import CliRunner

from tsumami.bridge.commands.bench import bench


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
