"""Single notes of instruments, read from files, and which instruments no model learns from."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from tsumami.engine.errors import ModelError, SoundError
from tsumami.plugins.match.sound import read_sound
from tsumami.training.timbre.notes import HIGHEST_NOTE, LOWEST_NOTE, Notes, at_peak, frames_of

SECONDS: Final = 2.0
"""What is heard of a note, as in the paper."""
TEST: Final = ("violin", "bassoon", "flute", "trumpet")
"""Instruments of which no model hears a note before it is judged."""
VALIDATION: Final = ("banjo", "clarinet")
"""Instruments that say which epoch is the best."""

_TABLE: Final = "notes.csv"
_COLUMNS: Final = ("file", "instrument", "midi")


def read_instruments(data: Path, progress: Callable[[int, int], object] = lambda _done, _of: None) -> Notes:
    """The notes C3-B5 of the folder's ``notes.csv``, which names ``file``, ``instrument`` and ``midi`` note.

    Files in which nothing is heard are left out. Raises `ModelError` where there is no such table, or where
    it lacks an instrument of `TEST` or `VALIDATION`.
    """
    rows = _rows(data)
    names = sorted({row["instrument"] for row in rows})
    missing = [name for name in (*TEST, *VALIDATION) if name not in names]
    if missing or len(names) < len(TEST) + len(VALIDATION) + 2:
        raise ModelError(
            f"data must hold {', '.join((*TEST, *VALIDATION))} and others to learn from, "
            f"got {', '.join(names) or 'no note'} in {data}"
        )
    sounds, notes, timbres = [], [], []
    for done, row in enumerate(rows, 1):
        try:
            heard = read_sound(data / row["file"], most_seconds=SECONDS)
        except SoundError:
            continue
        finally:
            progress(done, len(rows))
        sounds.append(at_peak(heard.samples, frames_of(SECONDS)))
        notes.append(int(row["midi"]))
        timbres.append(names.index(row["instrument"]))
    return Notes(np.stack(sounds), np.array(notes), np.array(timbres), tuple(names))


def learned_from(notes: Notes) -> Notes:
    """The notes of the instruments that are neither of `TEST` nor of `VALIDATION`."""
    return notes.of([name for name in notes.names if name not in (*TEST, *VALIDATION)])


def _rows(data: Path) -> list[dict[str, str]]:
    try:
        with (data / _TABLE).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise ModelError(f"data must be a folder with a readable {_TABLE}, got {data}") from None
    if rows and not set(_COLUMNS) <= set(rows[0]):
        raise ModelError(f"{_TABLE} must have the columns {', '.join(_COLUMNS)}, got {', '.join(rows[0])}")
    return [row for row in rows if LOWEST_NOTE <= int(row["midi"]) <= HIGHEST_NOTE]
