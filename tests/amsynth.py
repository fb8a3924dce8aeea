"""A real synthesizer outside: amsynth without a window, as a JACK client with settings of its own."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from tests.jack import JackServer

EXAMPLES = Path(__file__).parent.parent / "examples"
_DEADLINE_SECONDS = 20.0
_WINDOW = 4096
_MISSED = 64
"""Zeros in a window with a missed cycle, which is 128 samples."""


def require_amsynth() -> None:
    """Skip the test that asks where amsynth is not installed, or fail it where ``CI`` is set."""
    if shutil.which("amsynth") is None:
        if os.environ.get("CI"):
            pytest.fail("amsynth must be installed in CI, got none; `make test` installs it")
        pytest.skip("amsynth is not installed (on Debian: apt-get install amsynth)")


@contextlib.contextmanager
def running_amsynth(server: JackServer, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """amsynth with the controllers and the bank of the examples; killed at the end."""
    require_amsynth()
    (folder / "amsynth").mkdir(parents=True, exist_ok=True)
    shutil.copy(EXAMPLES / "amsynth.controllers", folder / "amsynth" / "controllers")
    process = subprocess.Popen(
        ["amsynth", "-x", "-b", str(EXAMPLES / "amsynth.bank")],
        env={**os.environ, "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while "amsynth:midi_in" not in server.ports():
            assert process.poll() is None, f"amsynth ended with status {process.returncode}"
            assert time.monotonic() < deadline, server.ports()
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


def recorded(path: Path, seconds: int) -> tuple[npt.NDArray[Any], int]:
    """What amsynth's left output plays from now on, and the sample rate; jack_rec counts whole seconds."""
    command = ["jack_rec", "-f", str(path), "-d", str(seconds), "-b", "32", "amsynth:L out"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    audio, rate = soundfile.read(path)
    return audio, rate


def centroid_hz(audio: npt.NDArray[Any], rate: int) -> float:
    """Centre of the magnitude spectrum: the median of the short windows in which no cycle was missed.

    JACK plays zeros for a client that is late. NaN where no window is whole.
    """
    windows = audio[: len(audio) // _WINDOW * _WINDOW].reshape(-1, _WINDOW)
    whole = windows[(windows == 0.0).sum(axis=1) < _MISSED] * np.hanning(_WINDOW)
    if not len(whole):
        return float("nan")
    spectra = np.abs(np.fft.rfft(whole))
    return float(np.median(spectra @ np.fft.rfftfreq(_WINDOW, 1 / rate) / spectra.sum(axis=1)))


def rms_db(audio: npt.NDArray[Any]) -> float:
    """Level in dB of full scale; -200 of silence."""
    return float(10 * np.log10(np.mean(audio**2) + 1e-20))
