"""Record the demonstration live and draw it: knobs, parameters and spectrogram over time.

    python examples/picture_of_a_take.py docs            # writes docs/demo.png and docs/demo.ogg
    python examples/picture_of_a_take.py docs --seconds 20

Needs the extra `training` for matplotlib and scipy.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile

mpl.use("Agg")
import matplotlib.pyplot as plt

from tsumami.bridge.control_log import ControlLog, read_control_log
from tsumami.engine import Kind
from tsumami.plugins import CONTINUOUS, PARAMETERS, load_bank

_STEPS_A_SECOND = 50


def record(folder: Path, seconds: float) -> tuple[Path, Path]:
    """Play the demonstration on the null device; its recording and its control log."""
    take, log = folder / "take.wav", folder / "take.jsonl"
    options = [
        "--device",
        "null",
        "--demo",
        "--seconds",
        str(seconds),
        "--record",
        str(take),
        "--log",
        str(log),
    ]
    subprocess.run([sys.executable, "-m", "tsumami.bridge.cli", "live", *options], check=True)
    return take, log


def curves(log: ControlLog, kind: Kind, start: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Every index of one kind of event over time, ``[index, step]``, from its value at the start."""
    steps = log.end * _STEPS_A_SECOND // log.header.sample_rate + 1
    table = np.repeat(start[:, None], steps, axis=1)
    for item in log.events[log.events["kind"] == kind]:
        step = int(item["time"]) * _STEPS_A_SECOND // log.header.sample_rate
        if item["index"] < len(start):
            table[item["index"], step:] = item["value"]
    return table


def draw(take: Path, log: ControlLog, picture: Path) -> None:
    """One picture of three panels that share the time axis."""
    audio, rate = soundfile.read(take)
    patch = next(patch for patch in load_bank() if patch.name == log.header.patch)
    knobs = curves(log, Kind.MACRO, np.full(len(log.header.macros), 0.5))
    moved = curves(log, Kind.PARAMETER, patch.values.astype(float))[:CONTINUOUS]
    time = np.arange(knobs.shape[1]) / _STEPS_A_SECOND
    figure, panels = plt.subplots(
        3, 1, figsize=(13, 10), sharex=True, height_ratios=(3, 4, 4), layout="constrained"
    )
    figure.suptitle(f"tsumami live: the demonstration on “{patch.name}”", fontsize=14)
    _draw_knobs(panels[0], time, knobs, log.header.macros)
    _draw_parameters(panels[1], time, moved - patch.values[:CONTINUOUS, None])
    _draw_spectrogram(panels[2], audio.mean(axis=1), rate)
    panels[2].set_xlabel("time (s)")
    figure.savefig(picture, dpi=110)


def _draw_knobs(
    axes: Any, time: npt.NDArray[np.float64], knobs: npt.NDArray[np.float64], names: list[str]
) -> None:
    for row, curve in enumerate(knobs):
        base = len(names) - 1 - row
        axes.fill_between(time, base + 0.4, base + 0.4 + (curve - 0.5) * 0.8, alpha=0.35, color=f"C{row}")
        axes.plot(time, base + 0.4 + (curve - 0.5) * 0.8, color=f"C{row}", linewidth=1.2)
    axes.set_yticks(np.arange(len(names)) + 0.4, names[::-1])
    axes.set_title("knobs (CC 20–27)", loc="left", fontsize=11)


def _draw_parameters(axes: Any, time: npt.NDArray[np.float64], change: npt.NDArray[np.float64]) -> None:
    image = axes.pcolormesh(
        time, np.arange(len(change)), change, cmap="RdBu_r", vmin=-0.6, vmax=0.6, rasterized=True
    )
    axes.set_yticks(
        np.arange(len(change)), [parameter.name for parameter in PARAMETERS[:CONTINUOUS]], fontsize=6
    )
    axes.invert_yaxis()
    axes.set_title("parameters, change from the patch", loc="left", fontsize=11)
    axes.figure.colorbar(image, ax=axes, pad=0.01, aspect=30)


def _draw_spectrogram(axes: Any, audio: npt.NDArray[np.float64], rate: int) -> None:
    frequencies, times, power = scipy.signal.spectrogram(audio, rate, nperseg=2048, noverlap=1024)
    decibels = 10 * np.log10(power + 1e-12)
    image = axes.pcolormesh(
        times, frequencies[1:], decibels[1:], cmap="magma", vmin=-110, vmax=-35, rasterized=True
    )
    axes.set_yscale("log")
    axes.set_ylim(40, 18_000)
    axes.set_ylabel("frequency (Hz)")
    axes.set_title("sound", loc="left", fontsize=11)
    axes.figure.colorbar(image, ax=axes, pad=0.01, aspect=30, label="dB")


def compress(take: Path, smaller: Path) -> None:
    """Ogg Vorbis, written second by second: libsndfile crashes on long blocks of it."""
    rate = soundfile.info(take).samplerate
    with soundfile.SoundFile(smaller, "w", rate, 2, format="OGG", subtype="VORBIS") as file:
        for block in soundfile.blocks(take, rate):
            file.write(block)


def main() -> None:
    """Record, draw and keep the sound as Ogg Vorbis."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where demo.png and demo.ogg go")
    parser.add_argument("--seconds", type=float, default=56.0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        take, log = record(Path(name), options.seconds)
        draw(take, read_control_log(log), options.folder / "demo.png")
        compress(take, options.folder / "demo.ogg")


if __name__ == "__main__":
    main()
