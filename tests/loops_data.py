"""Data as small as can be for loops: made-up bass notes, and drums as `tests.groove_data` has them."""

import shutil
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from tests.groove_data import write_data
from tsumami.training.loops.bass import LOUDNESS

RATE: Final = 44_100
_NOTES: Final = {"e2": 82.41, "e3": 164.81}
_BARS: Final = 20
_PERFORMANCES: Final = 6
"""In each split: only a few bars are taken of one."""


def write_loops_data(folder: Path) -> Path:
    """Write ``bass_notes``, ``groove_midi`` and ``drum_kit``; returns ``folder``."""
    write_data(folder, bars=_BARS)
    _repeat_performances(folder / "groove_midi")
    notes = folder / "bass_notes"
    notes.mkdir()
    times = np.arange(RATE) / RATE
    for number, loudness in enumerate(LOUDNESS):
        kind = "staccato" if loudness == "staccato" else "sustain"
        for name, hz in _NOTES.items():
            overtones = sum(np.sin(2 * np.pi * hz * n * times) / n for n in range(1, number + 3))
            sound = 0.15 * (number + 1) * overtones * np.exp(-3.0 * times)
            soundfile.write(notes / f"{kind}_{name}_{loudness}_rr1.flac", 0.5 * sound, RATE)
    return folder


def _repeat_performances(midi: Path) -> None:
    rows = (midi / "info.csv").read_text().splitlines()
    for split in ("train", "validation"):
        for number in range(1, _PERFORMANCES):
            shutil.copy(midi / f"{split}.mid", midi / f"{split}{number}.mid")
            rows.append(f"{split}{number}.mid,110,beat,30.0,{split}")
    (midi / "info.csv").write_text("\n".join(rows) + "\n")
