"""A data set that is being written: what every kind of it does, and what can go wrong with its place."""

import contextlib
import errno
from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import RenderError, TsumamiError
from tsumami.plugins.offline.batch import Result
from tsumami.plugins.offline.entries import Entry

_SUFFIX: Final = ".zarr"
_LONGEST_REASON: Final = 160
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DataSet(Protocol):
    """Where renders go: `ZarrDataSet` or `WavFolder`."""

    place: str
    document: dict[str, Any]

    @property
    def flags(self) -> npt.NDArray[np.uint16]:
        """Flags of all patches; `Flag.PENDING` where there is no render yet."""
        ...

    @property
    def hashes(self) -> npt.NDArray[np.uint64]:
        """Hashes of all patches' audio."""
        ...

    def write(self, first: int, results: Sequence[Result]) -> None:
        """Store the batch that begins at row ``first``, whole or not at all."""
        ...

    def finish(
        self, flags: npt.NDArray[np.uint16], same_as: npt.NDArray[np.int32], facts: dict[str, Any]
    ) -> None:
        """Store what only the whole shows."""
        ...


def open_data_set(
    place: str, document: dict[str, Any], entries: Sequence[Entry], parameters: Sequence[str], frames: int
) -> DataSet:
    """Make the data set, or go on with the one that is there: Zarr where the name ends so, else WAV files."""
    place = url2pathname(urlsplit(place).path) if place.startswith("file://") else place
    if place.rstrip("/").endswith(_SUFFIX):
        from tsumami.plugins.offline.zarr_data_set import ZarrDataSet

        return ZarrDataSet(place.rstrip("/"), document, entries, parameters, frames)
    if "://" in place:
        raise RenderError(f"output must end with {_SUFFIX} when it is a URL, got {place}")
    from tsumami.plugins.offline.wav_folder import WavFolder

    return WavFolder(place, document, entries, parameters)


@contextlib.contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn the system's refusals to write into one line each, and whatever a URL's store raises."""
    try:
        yield
    except TsumamiError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise RenderError(
                f"output must have room on its disk, got {place} on one that is full; what is rendered is "
                "kept, make room and give the same command again"
            ) from error
        raise _unwritable(place, error.strerror or str(error)) from error
    except Exception as error:
        if "://" not in place:
            raise
        raise _unwritable(place, str(error)) from error


def _unwritable(place: str, reason: str) -> RenderError:
    line = " ".join(reason.split())[:_LONGEST_REASON] or "no reason given"
    return RenderError(f"output must be a place that can be written to, got {place} ({line})")
