"""What can be indexed: a data set of `tsumami render`, a folder of sounds, and the built-in bank."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import platformdirs
import soxr

from tsumami.bridge.timbre.index import SUFFIX, Index, index_of, load_index
from tsumami.bridge.timbre.note import HEARD_SECONDS
from tsumami.engine.errors import SoundError
from tsumami.engine.timbre.encoder import TimbreEncoder, Vector
from tsumami.engine.timbre.features import SAMPLE_RATE, Samples
from tsumami.plugins.match.sound import SILENT_LEVEL, read_sound

BUILTIN: Final = "builtin"
"""What the index of the built-in bank calls its place."""

_SOUNDS: Final = frozenset((".wav", ".flac", ".ogg", ".oga", ".mp3", ".aif", ".aiff", ".opus"))
_INDEX_LINES: Final = "index.jsonl"
_HOLD_SECONDS: Final = 1.5

Progress = Callable[[int, int], object]
_Heard = tuple[str, str, Samples | None]
"""Name, source, and samples at `SAMPLE_RATE` from where the sound begins; None where nothing is heard."""


def make_index(
    place: Path, encoder: TimbreEncoder, progress: Progress = lambda _done, _of: None
) -> tuple[Index, int]:
    """The index of a data set (``NAME.zarr``) or a folder, and how many sounds were left out.

    Silent, broken and too short ones are. Raises `SoundError` where nothing is left or nothing is there.
    """
    if place.suffix == ".zarr":
        count, heard = _of_data_set(place)
    elif place.is_dir():
        count, heard = _of_folder(place)
    else:
        raise SoundError(f"sounds must be a folder or a data set of tsumami render (.zarr), got {place}")
    rows: list[tuple[str, str, Vector]] = []
    for done, (name, source, samples) in enumerate(heard, 1):
        vectors = None if samples is None else encoder.vectors_of(samples)
        if vectors is not None:
            rows.append((name, source, vectors.timbre))
        progress(done, count)
    return index_of(rows, encoder, str(place)), count - len(rows)


def builtin_index(encoder: TimbreEncoder, progress: Progress = lambda _done, _of: None) -> Index:
    """The index of the built-in synthesizer's patches, made once and kept in the user's cache."""
    path = Path(platformdirs.user_cache_dir("tsumami")) / f"{BUILTIN}-{encoder.hash}{SUFFIX}"
    if path.exists():
        return load_index(path, encoder)
    from tsumami.plugins import load_bank, render_patch

    rows: list[tuple[str, str, Vector]] = []
    bank = load_bank()
    for done, patch in enumerate(bank, 1):
        sound = render_patch(
            patch.values, hold_seconds=_HOLD_SECONDS, length_seconds=_HOLD_SECONDS, sample_rate=SAMPLE_RATE
        )
        vectors = encoder.vectors_of(sound.mean(axis=0))
        if vectors is not None:
            rows.append((patch.name, BUILTIN, vectors.timbre))
        progress(done, len(bank))
    index = index_of(rows, encoder, BUILTIN)
    path.parent.mkdir(parents=True, exist_ok=True)
    index.save(path)
    return index


def _of_folder(folder: Path) -> tuple[int, Iterator[_Heard]]:
    named = dict(_rendered_names(folder))
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SOUNDS)
    if not files:
        raise SoundError(f"folder must hold sounds such as WAV, FLAC, OGG or MP3, got {folder} without one")
    return len(files), (_of_file(path, named.get(path.name, path.stem)) for path in files)


def _of_file(path: Path, name: str) -> _Heard:
    try:
        return name, str(path), read_sound(path, most_seconds=HEARD_SECONDS).samples
    except SoundError:
        return name, str(path), None


def _rendered_names(folder: Path) -> Iterator[tuple[str, str]]:
    """File and preset of a folder that `tsumami render` has written."""
    try:
        lines = (folder / _INDEX_LINES).read_text("utf-8").splitlines()
        for line in lines:
            row = json.loads(line)
            if row.get("file"):
                yield Path(row["file"]).name, str(row["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return


def _of_data_set(place: Path) -> tuple[int, Iterator[_Heard]]:
    group = _open(place)
    return int(group["name"].shape[0]), _sounds_of(group)


def _open(place: Path) -> Any:
    import zarr

    try:
        group: Any = zarr.open_group(str(place), mode="r")
        group.attrs["tsumami"]
    except (FileNotFoundError, KeyError, ValueError, OSError):
        raise SoundError(
            f"data set must be one that tsumami render has written, got {place}; "
            "tsumami render --out NAME.zarr"
        ) from None
    return group


def _sounds_of(group: Any) -> Iterator[_Heard]:
    rate = float(group.attrs["tsumami"]["settings"]["sample_rate"])
    audio, batch = group["audio"], int(group["audio"].chunks[0])
    names, sources = group["name"][:], group["source"][:]
    for first in range(0, len(names), batch):
        for row, sound in enumerate(np.asarray(audio[first : first + batch], np.float32), first):
            yield str(names[row]), str(sources[row]), _trimmed(sound, rate)


def _trimmed(sound: Samples, rate: float) -> Samples | None:
    """Mono at `SAMPLE_RATE`, the first 2 s; None for silence. A rendered note begins with its key."""
    mono = sound if sound.ndim == 1 else sound.mean(axis=0)
    mono = mono[: round(HEARD_SECONDS * rate)]
    if not np.abs(mono).max(initial=0.0) >= SILENT_LEVEL:
        return None
    return mono if rate == SAMPLE_RATE else np.asarray(soxr.resample(mono, rate, SAMPLE_RATE), np.float32)
