"""What `tsumami restore` costs, from its start to its end: a stereo file with a trace of what was lost."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from tsumami.bridge.bench.report import Row

RATE: Final = 48_000
PACKET: Final = 480
_SECONDS: Final = 120
_RUNS: Final = {
    "0 ms ahead": ("--lookahead-ms", "0"),
    "10 ms ahead": ("--lookahead-ms", "10"),
    "0 ms ahead, no model": ("--lookahead-ms", "0", "--model", "none"),
}


def command_rows(files: Sequence[Path], lost: Callable[[int, int], npt.NDArray[np.bool_]]) -> Iterator[Row]:
    """CPU time of the command on two minutes of the longest of ``files``, by their duration.

    ``lost`` says which of so many packets are lost, with a seed. One thread.
    """
    longest = max(files, key=lambda path: soundfile.info(path).duration)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        samples, rate = soundfile.read(longest, dtype="float32", always_2d=True)
        sound = soxr.resample(samples[: _SECONDS * rate, [0, -1]], rate, RATE)
        soundfile.write(folder / "in.wav", sound, RATE, "PCM_16")
        trace = lost(-(-len(sound) // PACKET), 0)
        (folder / "trace.txt").write_text("\n".join(map(str, trace.astype(int))))
        for name, words in _RUNS.items():
            spent = _cpu_seconds(folder, words) / (len(sound) / RATE)
            share = f"{trace.mean():.0%} lost, {name}"
            yield Row(f"tsumami restore, 48 kHz stereo, {share}: CPU time for a second", spent, "s")


def _cpu_seconds(folder: Path, options: Sequence[str]) -> float:
    words = ["in.wav", "out.wav", "--force", "--trace", "trace.txt", "--packet", str(PACKET), *options]
    command = [sys.executable, "-m", "tsumami.bridge.cli", "restore", *words]
    before = os.times()
    subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system
