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
_LOOKAHEADS_MS: Final = (0, 10)


def command_rows(files: Sequence[Path], lost: Callable[[int, int], npt.NDArray[np.bool_]]) -> Iterator[Row]:
    """CPU time of the command on two minutes of the longest of ``files``, by their duration.

    ``lost`` says which of so many packets are lost, with a seed. One thread.
    """
    longest = max(files, key=lambda path: soundfile.info(path).duration)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        samples, rate = soundfile.read(longest, dtype="float32", always_2d=True)
        sound = soxr.resample(samples[: _SECONDS * rate, [0, -1]], rate, RATE)
        soundfile.write(folder / "in.wav", sound, RATE, "PCM_16")
        trace = lost(-(-len(sound) // PACKET), 0)
        (folder / "trace.txt").write_text("\n".join(map(str, trace.astype(int))))
        for ahead_ms in _LOOKAHEADS_MS:
            spent = _cpu_seconds(folder, ahead_ms) / (len(sound) / RATE)
            share = f"{trace.mean():.0%} lost, {ahead_ms} ms ahead"
            yield Row(f"tsumami restore, 48 kHz stereo, {share}: CPU time for a second", spent, "s")


def _cpu_seconds(folder: Path, ahead_ms: int) -> float:
    words = ["in.wav", f"out{ahead_ms}.wav", "--trace", "trace.txt", "--packet", str(PACKET)]
    command = [sys.executable, "-m", "tsumami.bridge.cli", "restore", *words, "--lookahead-ms", str(ahead_ms)]
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
