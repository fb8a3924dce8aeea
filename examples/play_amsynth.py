"""One knob turns a synthesizer outside: amsynth without a window under JACK, played and recorded.

python examples/play_amsynth.py bright        (with a JACK server running; on Debian: apt-get install
amsynth jackd2 jack-tools). Where the knob stands, how bright the note is, and how long it rings on.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from tsumami.bridge.session.session import MACRO_NAMES

Audio = npt.NDArray[Any]
rtmidi: Any = import_module("rtmidi")  # its names come from a compiled module that no checker reads

HERE = Path(__file__).parent
NOTE, FIRST_KNOB = 48, 20
HELD_SECONDS, RECORDED_SECONDS = 0.7, 2


def main(macro: str) -> None:
    """Turn the knob of ``macro`` and listen at three positions."""
    if macro not in MACRO_NAMES:
        raise SystemExit(f"macro must be one of {', '.join(MACRO_NAMES)}, got {macro}")
    knob = FIRST_KNOB + MACRO_NAMES.index(macro)
    with tempfile.TemporaryDirectory() as folder, amsynth(Path(folder)), tsumami(), keyboard() as keys:
        for position in (64, 0, 64, 127):  # the first message only says where the knob stands
            keys.send_message([0xB0, knob, position])
            time.sleep(0.7)  # the knob glides
            held, tail, rate = play_note(keys, Path(folder) / "note.wav")
            print(
                f"{macro} {position / 127:.2f}: {centroid(held, rate):5.0f} Hz, {ringing(tail, rate):.2f} s"
            )


@contextlib.contextmanager
def amsynth(folder: Path) -> Iterator[None]:
    """The synthesizer with its own settings in ``folder``, where they change nobody's."""
    (folder / "amsynth").mkdir()
    shutil.copy(HERE / "amsynth.controllers", folder / "amsynth" / "controllers")
    own = {**os.environ, "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with running("amsynth", "-x", "-b", str(HERE / "amsynth.bank"), env=own):
        wait_for(lambda: any("amsynth" in port for port in inputs()), "a JACK server and amsynth")
        yield


@contextlib.contextmanager
def tsumami() -> Iterator[None]:
    """The session that plays it."""
    command = (sys.executable, "-m", "tsumami.bridge.cli", "live", str(HERE / "amsynth.toml"), "--no-demo")
    with running(*command):
        wait_for(lambda: any(port.startswith("tsumami:") for port in inputs()), "tsumami")
        yield


@contextlib.contextmanager
def keyboard() -> Iterator[Any]:
    """A MIDI output on the session's virtual input port."""
    keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="keyboard")
    keys.open_port(next(n for n, port in enumerate(keys.get_ports()) if port.startswith("tsumami:")))
    time.sleep(0.5)  # JACK drops what is sent in the cycle of a connection
    yield keys
    keys.close_port()
    keys.delete()


def play_note(keys: Any, path: Path) -> tuple[Audio, Audio, int]:
    """A note: amsynth's left output while it is held, and what rings on, and the sample rate."""
    recorder = ("jack_rec", "-f", str(path), "-d", str(RECORDED_SECONDS), "-b", "32", "amsynth:L out")
    with running(*recorder) as process:
        time.sleep(0.2)
        keys.send_message([0x90, NOTE, 100])
        time.sleep(HELD_SECONDS)
        keys.send_message([0x80, NOTE, 0])
        process.wait()
    audio, rate = soundfile.read(path)
    struck = int(np.argmax(np.abs(audio) > 0.1 * np.abs(audio).max()))
    let_go = struck + int(HELD_SECONDS * rate)
    return audio[struck:let_go], audio[let_go:], rate


def centroid(held: Audio, rate: int) -> float:
    """Centre of the magnitude spectrum in Hz."""
    spectrum = np.abs(np.fft.rfft(held * np.hanning(len(held)))) + 1e-12
    return float(np.average(np.fft.rfftfreq(len(held), 1 / rate), weights=spectrum))


def ringing(tail: Audio, rate: int) -> float:
    """Seconds until it is 20 dB below its loudest moment; all that was recorded if never."""
    hop = rate // 100
    level = np.sqrt(np.mean(tail[: len(tail) // hop * hop].reshape(-1, hop) ** 2, axis=1))
    below = np.flatnonzero(level < 0.1 * level.max())
    return float((below[0] if len(below) else len(level)) / 100)


@contextlib.contextmanager
def running(*command: str, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A program for the time of the block."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=env, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def inputs() -> list[str]:
    """Names of the MIDI inputs that a program can play to."""
    client = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="looking")
    names: list[str] = client.get_ports()
    client.delete()
    return names


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Half a minute at most: the first start of tsumami compiles its kernels."""
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} must be running, but did not come within a minute")
        time.sleep(0.2)


if __name__ == "__main__":
    main(sys.argv[1])
