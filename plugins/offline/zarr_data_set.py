"""Renders as a Zarr group: one row a patch, one chunk a batch, on a local path or any fsspec URL.

A chunk is written whole (on a local disk beside its name, then renamed), and the flags of a batch after its
audio, so that a batch counts as rendered only when all of it is there.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from tsumami.engine.errors import RenderError
from tsumami.plugins.offline.batch import Result
from tsumami.plugins.offline.document import check_same
from tsumami.plugins.offline.entries import Entry
from tsumami.plugins.offline.flags import flag_of
from tsumami.plugins.offline.messages import Rendered
from tsumami.plugins.offline.zarr_layout import ATTRIBUTE, NAMES, create_arrays


class ZarrDataSet:
    """A data set that is made, or gone on with, under a path or URL.

    Raises `RenderError` when something else is there or a data set of another run; `OSError` when it
    cannot be written.
    """

    def __init__(
        self,
        place: str,
        document: dict[str, Any],
        entries: Sequence[Entry],
        parameters: Sequence[str],
        frames: int,
    ) -> None:
        self.place = place
        self._arrays: dict[str, Any] = {}
        self._group = _existing(place) or zarr.create_group(place)
        if ATTRIBUTE not in self._group.attrs:
            for name in list(self._group.keys()):
                del self._group[name]
            create_arrays(self._group, document, entries, parameters, frames)
        stored: Any = self._group.attrs[ATTRIBUTE]
        self.document: dict[str, Any] = dict(stored)
        check_same(self.document, document, place)
        self._block = np.zeros((self.document["batch"], *self._array("audio").shape[1:]), np.float32)

    @property
    def flags(self) -> npt.NDArray[np.uint16]:
        """Flags of all patches, uint16 ``[patch]``."""
        return np.asarray(self._array("flags")[:], np.uint16)

    @property
    def hashes(self) -> npt.NDArray[np.uint64]:
        """Hashes of all patches' audio, uint64 ``[patch]``."""
        return np.asarray(self._array("audio_hash")[:], np.uint64)

    def write(self, first: int, results: Sequence[Result]) -> None:
        """Store the batch that begins at row ``first``; its flags come last."""
        rows = slice(first, first + len(results))
        good = [result if isinstance(result, Rendered) else None for result in results]
        unknown = np.full(self._array("parameters").shape[1:], np.nan, np.float32)
        for row, result in enumerate(good):
            self._block[row] = 0.0 if result is None else result.audio
        self._array("audio")[rows] = self._block[: len(results)]
        self._array("parameters")[rows] = np.stack([unknown if r is None else r.values for r in good])
        self._array("peak")[rows] = np.array([np.nan if r is None else r.peak for r in good], np.float32)
        self._array("audio_hash")[rows] = np.array([0 if r is None else r.digest for r in good], np.uint64)
        self._array("flags")[rows] = np.array([flag_of(result) for result in results], np.uint16)

    def finish(
        self, flags: npt.NDArray[np.uint16], same_as: npt.NDArray[np.int32], facts: dict[str, Any]
    ) -> None:
        """Store what only the whole shows, and ``facts`` in the document."""
        self._array("same_as")[:] = same_as
        self._array("flags")[:] = flags
        self.document = {**self.document, **facts}
        self._group.attrs[ATTRIBUTE] = self.document

    def _array(self, name: str) -> Any:
        """An array of the group, whose description is read once."""
        if name not in self._arrays:
            with zarr.config.set({"array.write_empty_chunks": True}):  # else each chunk is compared to zero
                self._arrays[name] = self._group[name]
        return self._arrays[name]


def _existing(place: str) -> zarr.Group | None:
    """The group at a place, a data set of ours or the beginning of one; None where there is nothing."""
    folder = None if "://" in place else Path(place)
    if folder is not None:
        if not folder.exists():
            return None
        for leftover in folder.rglob("*.partial"):  # of a process that was killed while it wrote
            leftover.unlink(missing_ok=True)
    try:
        group = zarr.open_group(place, mode="r+")
    except FileNotFoundError:
        if folder is not None and any(folder.iterdir()):
            raise RenderError(f"output must be new or a data set of this render, got {place}") from None
        return None
    if ATTRIBUTE not in group.attrs and set(group.keys()) - NAMES:
        raise RenderError(f"output must be new or a data set of this render, got the Zarr group {place}")
    return group
