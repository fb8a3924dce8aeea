"""An index: sounds by name, each with the timbre vector of one encoder; a few hundred bytes a sound."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import SoundError
from tsumami.engine.timbre.encoder import TimbreEncoder, Vector
from tsumami.plugins.offline.wav import write_beside

SUFFIX: Final = ".timbre"

_ARRAYS: Final = ("names", "sources", "vectors", "encoder", "place")


@dataclass(frozen=True, slots=True)
class Near:
    """A sound of an index: its ``name``, and its ``distance``, 0 for the same timbre to 2."""

    name: str
    distance: float


@dataclass(frozen=True, slots=True)
class Index:
    """``vectors`` float32 ``[n, size]`` of length 1; ``names`` as presets or files have them.

    ``sources`` say where each comes from, ``place`` what was indexed, ``encoder`` is the hash of the model.
    """

    names: tuple[str, ...]
    sources: tuple[str, ...]
    vectors: npt.NDArray[np.float32]
    encoder: str
    place: str

    def __len__(self) -> int:
        return len(self.names)

    def nearest(self, timbre: Vector, count: int) -> list[Near]:
        """The nearest sounds, the nearest first."""
        distances = np.linalg.norm(self.vectors - timbre, axis=1)
        rows = np.argsort(distances, kind="stable")[:count]
        return [Near(self.names[row], float(distances[row])) for row in rows]

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        content = io.BytesIO()
        np.savez(
            content,
            names=np.array(self.names),
            sources=np.array(self.sources),
            vectors=self.vectors,
            encoder=np.array(self.encoder),
            place=np.array(self.place),
        )
        write_beside(path, content.getvalue())


def load_index(path: Path, encoder: TimbreEncoder) -> Index:
    """Read an index. Raises `SoundError` for what is none, or one that another encoder has made."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            names, sources, vectors, model, place = (stored[name] for name in _ARRAYS)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        raise SoundError(
            f"index must be a file that tsumami timbre index has written, got {path}; "
            f"tsumami timbre index SOUNDS -o NAME{SUFFIX}"
        ) from None
    if str(model) != encoder.hash:
        raise SoundError(
            f"index must be made by the encoder {encoder.hash}, got {path} by {model}; "
            f"tsumami timbre index {place} -o {path}"
        )
    return Index(tuple(map(str, names)), tuple(map(str, sources)), vectors, str(model), str(place))


def index_of(rows: list[tuple[str, str, Vector]], encoder: TimbreEncoder, place: str) -> Index:
    """An index of (name, source, vector); raises `SoundError` where there is none."""
    if not rows:
        raise SoundError(f"sounds to index must be at least one that is heard, got none in {place}")
    names, sources, vectors = zip(*rows, strict=True)
    return Index(tuple(names), tuple(sources), np.stack(vectors), encoder.hash, place)
