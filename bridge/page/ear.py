"""Sounds of an index by ear: a map of them, and what is near to a note of the input or of a recording."""

import contextlib
import hashlib
import io
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import platformdirs

from tsumami.bridge.timbre.index import Index, load_index
from tsumami.bridge.timbre.indexing import builtin_index
from tsumami.bridge.timbre.input_notes import InputNotes
from tsumami.bridge.timbre.note import heard_vectors, name_of_note, note_found
from tsumami.engine.errors import ParameterError, SoundError
from tsumami.engine.timbre.encoder import TimbreEncoder, Vector
from tsumami.engine.timbre.features import Samples
from tsumami.plugins.offline.wav import write_beside

_FOUND: Final = 8
_SEED: Final = 1
_MOST_PLACED: Final = 1500
"""Sounds that t-SNE places within a few seconds; more are placed by their two main directions."""
_SILENT: Final = 1e-3
_ONSET: Final = 0.01
"""A recorded sound begins where it passes so much of its loudest moment."""


class TimbreEar:
    """`hear` goes on with the input on one thread; `find` may be called by another.

    ``path`` is an index, or None for the built-in bank's, which is made where there is none. Raises
    `SoundError` or `ModelError`.
    """

    def __init__(self, path: Path | None, sample_rate: int) -> None:
        encoder, self._finder = TimbreEncoder(), TimbreEncoder()
        encoder.prepare()
        self._finder.prepare()
        self._index = builtin_index(encoder) if path is None else load_index(path, encoder)
        self._input = InputNotes(encoder, sample_rate)
        self._notes = 0

    def map_document(self) -> dict[str, Any]:
        """Where every sound lies, 0-1 each way, and the groups, by the name of the most typical of each."""
        from tsumami.bridge.timbre.map_picture import groups_of

        try:
            groups = [[group.name, list(group.rows)] for group in groups_of(self._index, None, _SEED)]
        except SoundError:  # too few for a map
            groups = []
        places = _kept_places(self._index)
        lowest, span = places.min(axis=0), np.maximum(np.ptp(places, axis=0), 1e-9)
        return {
            "is": "map",
            "names": self._index.names,
            "places": np.round((places - lowest) / span, 4).tolist(),
            "groups": groups,
        }

    def hear(self, audio: npt.NDArray[np.float64]) -> Iterator[dict[str, Any]]:
        """What each note is near to that ends with these samples of the input."""
        for note in self._input.follow(audio):
            yield self._document("the input", note.samples, note.vectors.timbre)

    def find(self, samples: Samples) -> dict[str, Any]:
        """What a recording ``[frames]`` at 22,050 Hz is near to; `SoundError` for one of nothing."""
        loudest = float(np.abs(samples).max(initial=0.0))
        if not np.isfinite(samples).all() or loudest < _SILENT:
            raise SoundError("sound must be heard, got silence")
        samples = samples / max(loudest, 1.0)
        loudest = min(loudest, 1.0)
        samples = samples[int(np.argmax(np.abs(samples) >= _ONSET * loudest)) :]
        vectors = heard_vectors(samples, self._finder, "the recording")
        return self._document("the recording", samples, vectors.timbre)

    def _document(self, where: str, samples: Samples, timbre: Vector) -> dict[str, Any]:
        note = note_found(samples)
        self._notes += 1
        return {
            "is": "heard",
            "number": self._notes,
            "where": where,
            "note": None if note is None else name_of_note(round(note)),
            "nearest": [[near.name, round(near.distance, 3)] for near in self._index.nearest(timbre, _FOUND)],
        }


def _kept_places(index: Index) -> npt.NDArray[np.float32]:
    """Where every sound lies: found once, for that takes seconds, and kept in the user's cache."""
    name = hashlib.sha256(index.vectors.tobytes()).hexdigest()[:16]
    path = Path(platformdirs.user_cache_dir("tsumami")) / f"map-{name}.npy"
    with contextlib.suppress(OSError, ValueError):
        kept = np.load(path, allow_pickle=False)
        if kept.shape == (len(index), 2):
            return np.asarray(kept, np.float32)
    places = _places(index)
    content = io.BytesIO()
    np.save(content, places)
    with contextlib.suppress(OSError):  # it is found anew the next time
        path.parent.mkdir(parents=True, exist_ok=True)
        write_beside(path, content.getvalue())
    return places


def _places(index: Index) -> npt.NDArray[np.float32]:
    """By t-SNE where it is installed and there are not too many, else by their two main directions."""
    from tsumami.bridge.timbre.map_picture import check_map, places_of

    if 4 <= len(index) <= _MOST_PLACED:
        try:
            check_map()
        except ParameterError:
            pass
        else:
            # One thread: the others are for the sound.
            threads: Any = import_module("threadpoolctl")
            import_module("sklearn.manifold")
            with threads.threadpool_limits(1):
                return places_of(index, _SEED)
    centred = index.vectors - index.vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(centred @ directions[:2].T, np.float32)
