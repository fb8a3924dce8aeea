"""Renders as a folder: one WAV file a preset, ``index.jsonl`` with what is known of each, ``dataset.json``.

While it is being made, ``.parts`` holds the index of each batch that is complete; the index proper is put
together from them at the end. Every file is written beside its name and renamed.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import RenderError
from tsumami.plugins.offline.batch import Result
from tsumami.plugins.offline.document import check_same
from tsumami.plugins.offline.entries import Entry
from tsumami.plugins.offline.flags import Flag, flag_of
from tsumami.plugins.offline.messages import Rendered
from tsumami.plugins.offline.wav import wav_bytes, write_beside

DOCUMENT: Final = "dataset.json"
INDEX: Final = "index.jsonl"
_PARTS: Final = ".parts"
_LONGEST_NAME: Final = 60


class WavFolder:
    """The same as `tsumami.plugins.offline.zarr_data_set.ZarrDataSet`, in files that anything can play."""

    def __init__(
        self,
        place: str,
        document: dict[str, Any],
        entries: Sequence[Entry],
        parameters: Sequence[str],
    ) -> None:
        self.place = place
        self._folder, self._entries = Path(place), entries
        self._folder.mkdir(parents=True, exist_ok=True)
        self._sample_rate: int = document["settings"]["sample_rate"]
        file = self._folder / DOCUMENT
        if not file.exists():
            if any(path.name != _PARTS for path in self._folder.iterdir() if path.suffix != ".part"):
                raise RenderError(f"output must be a new or empty folder, got {place}")
            write_beside(file, _json({**document, "parameters": list(parameters)}).encode())
        self.document: dict[str, Any] = json.loads(file.read_text("utf-8"))
        check_same(self.document, document, place)
        self._rows = {row["row"]: row for row in self._stored()}

    @property
    def flags(self) -> npt.NDArray[np.uint16]:
        """Flags of all patches, uint16 ``[patch]``."""
        pending = {"flags": int(Flag.PENDING)}
        rows = (self._rows.get(row, pending) for row in range(len(self._entries)))
        return np.array([row["flags"] for row in rows], np.uint16)

    @property
    def hashes(self) -> npt.NDArray[np.uint64]:
        """Hashes of all patches' audio, uint64 ``[patch]``."""
        rows = (self._rows.get(row, {"audio_hash": "0"}) for row in range(len(self._entries)))
        return np.array([int(row["audio_hash"], 16) for row in rows], np.uint64)

    def write(self, first: int, results: Sequence[Result]) -> None:
        """Write the files of the batch that begins at row ``first``, then its part of the index."""
        rows = [self._write_one(first + i, result) for i, result in enumerate(results)]
        parts = self._folder / _PARTS
        parts.mkdir(exist_ok=True)
        write_beside(parts / f"{first:08d}.jsonl", _lines(rows))
        self._rows.update({row["row"]: row for row in rows})

    def finish(
        self, flags: npt.NDArray[np.uint16], same_as: npt.NDArray[np.int32], facts: dict[str, Any]
    ) -> None:
        """Put the index together, add ``facts`` to the document, drop the parts."""
        for number, row in self._rows.items():
            row["flags"], row["same_as"] = int(flags[number]), int(same_as[number])
        write_beside(self._folder / INDEX, _lines([self._rows[row] for row in sorted(self._rows)]))
        self.document = {**self.document, **facts}
        write_beside(self._folder / DOCUMENT, _json(self.document).encode())
        shutil.rmtree(self._folder / _PARTS, ignore_errors=True)

    def _stored(self) -> Iterator[dict[str, Any]]:
        """Rows of the index and of its parts."""
        for leftover in self._folder.rglob("*.part"):  # of a process that was killed while it wrote
            leftover.unlink()
        for file in [self._folder / INDEX, *sorted((self._folder / _PARTS).glob("*.jsonl"))]:
            if file.exists():
                yield from (json.loads(line) for line in file.read_text("utf-8").splitlines())

    def _write_one(self, row: int, result: Result) -> dict[str, Any]:
        entry = self._entries[row]
        preset = entry.preset
        facts = {
            "row": row,
            "file": None,
            "name": preset.name,
            "category": preset.category,
            "tags": list(preset.tags),
            "source": preset.source,
            "format": preset.format,
            "raw": json.loads(entry.raw),
            "flags": int(flag_of(result)),
            "same_as": -1,
            "peak": None,
            "audio_hash": "0",
            "parameters": None,
        }
        if isinstance(result, Rendered):
            facts["file"] = f"{row:05d} {safe_name(preset.name)}.wav"
            facts["peak"] = None if np.isnan(result.peak) else result.peak
            facts["audio_hash"] = f"{result.digest:016x}"
            facts["parameters"] = [float(value) for value in result.values]
            write_beside(self._folder / facts["file"], wav_bytes(result.audio, self._sample_rate))
        return facts


def safe_name(name: str) -> str:
    """``name`` with only letters, digits, spaces and ``-_.``, as every file system takes it."""
    kept = "".join(c if c.isalnum() or c in " -_." else "_" for c in name)
    return kept[:_LONGEST_NAME].strip(" .") or "unnamed"


def _lines(rows: Sequence[dict[str, Any]]) -> bytes:
    return "".join(_json(row) for row in rows).encode()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"
