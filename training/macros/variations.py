"""More sounds to train on, bred of the training presets and rendered.

The paper (section 4.1) warns of random parameters, most of which are no music. A child of two presets that
people have made, with a few parameters moved, is: it is cheap, and near to where other people's presets lie.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

import numpy as np

from tsumami.plugins.offline.flags import SILENT_PEAK
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.data import workers as ears
from tsumami.training.macros.sounds import Sounds, Values, hear, join

CHUNK: Final = 500
"""Children per file of the cache: so much is lost when rendering is stopped."""

_HEARD_AT_ONCE: Final = 50
"""Sounds that one process describes before it takes others."""

_MIXED, _MOVED = 0.5, 0.15
_FAR = 0.15
_ANYWHERE = 0.2


def vary(presets: Values, count: int, rng: np.random.Generator) -> Values:
    """Children of ``presets`` ``[n, parameters]``, float32 ``[count, parameters]``.

    Of each parameter a child has one parent's position or, in half of the children, a mix. Every seventh
    parameter is moved by about 0.15, one in five of those anywhere.
    """
    mothers, fathers = presets[rng.integers(len(presets), size=(2, count))]
    shape = mothers.shape
    share = np.where(rng.random((count, 1)) < _MIXED, rng.random((count, 1)), rng.integers(0, 2, shape))
    children = share * mothers + (1.0 - share) * fathers
    is_moved = rng.random(shape) < _MOVED
    near = np.clip(children + rng.normal(0.0, _FAR, shape), 0.0, 1.0)
    moved = np.where(rng.random(shape) < _ANYWHERE, rng.random(shape), near)
    return np.asarray(np.where(is_moved, moved, children), np.float32)


def variations(
    corpus: Corpus,
    count: int,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Sounds:
    """About ``count`` sounds bred of ``corpus.train``, less the silent ones; rendered once, then kept."""
    folder = corpus.folder / f"variations-{corpus.hash}"
    folder.mkdir(parents=True, exist_ok=True)
    chunks = -(-count // CHUNK)
    parts = []
    with ears(workers) as pool:
        for chunk in range(chunks):
            path = folder / f"{chunk:04d}.npz"
            if not path.exists():
                _render(corpus, chunk, min(CHUNK, count), path, workers, pool)
            with np.load(path) as stored:
                parts.append(_sounds(stored["mel"], stored["values"], stored["descriptors"]))
            progress(chunk + 1, chunks)
    return join(parts)


def _render(corpus: Corpus, chunk: int, count: int, path: Path, workers: int | None, pool: Executor) -> None:
    """One chunk into its file, written beside it and renamed."""
    values = vary(corpus.train.values, count, np.random.default_rng([chunk, len(corpus.train)]))
    audio = corpus.render(values, workers)
    heard = np.abs(audio).max(axis=1) >= SILENT_PEAK
    parts = np.array_split(audio[heard], max(1, int(heard.sum()) // _HEARD_AT_ONCE))
    mel, descriptors = (np.concatenate(found) for found in zip(*pool.map(hear, parts), strict=True))
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, mel=mel, values=values[heard], descriptors=descriptors)
    unfinished.replace(path)


def _sounds(mel: Values, values: Values, descriptors: Values) -> Sounds:
    return Sounds(mel, values, descriptors, ("",) * len(mel), ((),) * len(mel))
