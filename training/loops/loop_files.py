"""The loops that are learned from, as files: WAV that says its tempo, bars and key, and a list of all."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tsumami.engine.errors import SoundError
from tsumami.engine.loops.loop_wav import loop_wav
from tsumami.plugins.offline.wav import write_beside
from tsumami.training.loops.loop_set import SAMPLE_RATE, Sequenced
from tsumami.training.loops.patterns import KEYS, Pattern

LIST: Final = "loops.json"
_MIDDLE_C: Final = 60


def write_sequenced(loops: Sequence[Sequenced], folder: Path) -> list[Path]:
    """Write each loop at its own tempo as ``<kind>-<number>.wav``, and then `LIST`; the loops' paths.

    Raises `SoundError` where the list is there already or the folder cannot be written.
    """
    if (folder / LIST).exists():
        raise SoundError(f"folder must be one without loops, got {folder / LIST}; choose another")
    paths = [folder / f"{loop.pattern.kind}-{number:04}.wav" for number, loop in enumerate(loops, 1)]
    facts = [{"file": path.name, **_facts(loop.pattern)} for path, loop in zip(paths, loops, strict=True)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, loop in zip(paths, loops, strict=True):
            write_beside(path, _content(loop))
        write_beside(folder / LIST, f"{json.dumps(facts, indent=1)}\n".encode())
    except OSError as error:
        raise SoundError(f"folder must be one that can be written, got {folder} ({error.strerror})") from None
    return paths


def _content(loop: Sequenced) -> bytes:
    pattern = loop.pattern
    root = _MIDDLE_C + KEYS.index(pattern.key.split()[0]) if pattern.key else None
    words = f"{pattern.bpm} bpm, 1 bar" + (f", {pattern.key}" if pattern.key else "")
    return loop_wav(
        loop.audio(), SAMPLE_RATE, pattern.bpm, 1, root=root, texts={"INAM": pattern.name, "ICMT": words}
    )


def _facts(pattern: Pattern) -> dict[str, Any]:
    return {
        "name": pattern.name,
        "kind": pattern.kind,
        "bpm": pattern.bpm,
        "bars": 1,
        "key": pattern.key,
        "density": pattern.density,
    }
