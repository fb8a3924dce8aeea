"""`tsumami train table`: the runs that it is asked for, gone on with when it is asked again."""

from pathlib import Path

import numpy as np
import pytest

from tests.command import run_tsumami
from tsumami.bridge.macros.train_table import LOG, jobs_of
from tsumami.plugins import PARAMETERS
from tsumami.plugins.offline import RenderSettings, render_presets
from tsumami.plugins.presets import Preset

SHORT = RenderSettings(hold_seconds=0.2, length_seconds=0.3, sample_rate=22_050, channels=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "data.zarr"
    rng = np.random.default_rng(0)
    presets = [
        Preset(
            f"p{number}", "positions", "", "", positions={row.name: float(rng.random()) for row in PARAMETERS}
        )
        for number in range(40)
    ]
    render_presets("builtin", presets, path, settings=SHORT)
    return path


def test_heads_are_for_lists_with_discrete_parameters(tmp_path: Path) -> None:
    jobs = jobs_of(["16", "all"], ["MLP", "CNN_heads"], tmp_path)
    assert [(job.parameters, job.model) for job in jobs] == [
        ("16", "MLP"), ("all", "MLP"), ("all", "CNN_heads")
    ]  # fmt: skip
    assert len({job.folder for job in jobs}) == 3


@pytest.mark.slow
def test_the_runs_of_a_table_are_trained_and_gone_on_with(data: Path, tmp_path: Path) -> None:
    words = ["train", "table", "--data", str(data), "--folder", str(tmp_path / "runs"), "--parameters", "all"]
    words += ["--budget", "smoke", "--model", "MLP", "--model", "CNN_heads"]
    done = run_tsumami(*words)
    assert done.returncode == 0, done.stderr
    assert "2 runs" in done.stderr
    for model in ("MLP", "CNN_heads"):
        folder = tmp_path / "runs" / "all" / model
        assert (folder / "checkpoint.pt").exists()
        assert "epochs 4" in (folder / LOG).read_text()
    assert run_tsumami(*words).returncode == 0

    (tmp_path / "runs" / "all" / "MLP" / "checkpoint.pt").write_bytes(b"PK\x03\x04 cut off")
    broken = run_tsumami(*words)
    assert broken.returncode == 2
    assert "1 were not: MLP all: " in broken.stderr
    assert "must hold a whole checkpoint.pt" in broken.stderr.replace("\n", " ")
