"""Renders on a Dask cluster of two workers, a worker or the scheduler of which is killed half-way."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.amsynth import require_amsynth
from tests.bridge.test_render_dataset import assert_same_files, words
from tests.command import run_tsumami, run_tsumami_json, tsumami_command, tsumami_environment

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nothing_left")]

DEADLINE_SECONDS = 60.0


@dataclass
class Cluster:
    """A scheduler and its workers, as processes of their own."""

    folder: Path
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self, *command: str) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            env=tsumami_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)

    @property
    def address(self) -> str:
        file = self.folder / "scheduler.json"
        wait_until(lambda: file.is_file() and file.stat().st_size > 0)
        return str(json.loads(file.read_text())["address"])

    def kill(self, number: int) -> None:
        """Kill the scheduler (0) or a worker."""
        self.processes[number].kill()
        self.processes[number].wait()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    require_amsynth()
    made = Cluster(tmp_path)
    quiet = ("--no-dashboard", "--host", "127.0.0.1")
    try:
        made.start(
            *("distributed.cli.dask_scheduler", "--port", "0", "--scheduler-file", "scheduler.json", *quiet)
        )
        for _ in range(2):
            made.start(
                *("distributed.cli.dask_worker", made.address, "--nthreads", "1", "--no-nanny", *quiet)
            )
        yield made
    finally:
        for number in range(len(made.processes)):
            made.kill(number)


def rendering(out: Path, address: str) -> "subprocess.Popen[str]":
    """A render on the cluster that has stored its first batch."""
    process = subprocess.Popen(
        tsumami_command(*words(out, "--cluster", address)),
        env=tsumami_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    stored = out / "flags" / "c"
    wait_until(lambda: process.poll() is not None or (stored.is_dir() and any(stored.iterdir())))
    return process


def test_cluster_makes_the_same_data_set(cluster: Cluster, tmp_path: Path) -> None:
    run_tsumami_json(*words(tmp_path / "here.zarr"))
    there = run_tsumami_json(*words(tmp_path / "there.zarr", "--cluster", cluster.address))
    assert there["workers"] == 2
    assert_same_files(tmp_path / "there.zarr", tmp_path / "here.zarr")

    process = rendering(tmp_path / "killed.zarr", cluster.address)
    cluster.kill(1)
    _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 0, errors
    assert_same_files(tmp_path / "killed.zarr", tmp_path / "here.zarr")


def test_cluster_that_goes_is_one_line_and_loses_nothing(cluster: Cluster, tmp_path: Path) -> None:
    process = rendering(tmp_path / "set.zarr", cluster.address)
    cluster.kill(0)
    _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 2, errors
    assert errors.strip().splitlines()[-1].startswith("tsumami: cluster must stay up, but the scheduler")
    assert "Traceback" not in errors
    document = run_tsumami_json(*words(tmp_path / "set.zarr"))
    assert 0 < document["rendered"] < 128


def test_cluster_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    require_amsynth()
    done = run_tsumami(*words(tmp_path / "set.zarr", "--cluster", "tcp://127.0.0.1:9"))
    assert done.returncode == 2
    assert "cluster must be the address of a Dask scheduler that answers" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
