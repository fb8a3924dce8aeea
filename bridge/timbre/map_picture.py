"""A bank as a map: sounds that are alike lie together, in groups that bear the name of the most typical."""

import importlib.util
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.cluster.vq import kmeans2

from tsumami.bridge.timbre.index import Index
from tsumami.engine.errors import ParameterError, SoundError
from tsumami.plugins.match.drawing import INK, plain, png_of

MOST_GROUPS: Final = 20
"""As many colours can be told apart."""

_FEWEST: Final = 4
_PERPLEXITY: Final = 30.0
_TURNS: Final = 8
_MOST_LABELS: Final = 150
_COLOURS: Final = "tab20"


@dataclass(frozen=True, slots=True)
class Group:
    """Sounds that are alike: the ``name`` of the one nearest to their middle, and the rows of the index."""

    name: str
    rows: tuple[int, ...]


def check_map() -> None:
    """Raise `ParameterError` where what draws is not installed."""
    for library, package in (("matplotlib", "matplotlib"), ("sklearn", "scikit-learn")):
        if importlib.util.find_spec(library) is None:
            raise ParameterError(
                f"{package} must be installed for a map, got none; pip install 'tsumami[training]'"
            )


def groups_of(index: Index, count: int | None, seed: int) -> list[Group]:
    """The sounds in ``count`` groups by k-means, the largest first; one for each eight sounds without it."""
    if len(index) < _FEWEST:
        raise SoundError(f"index must hold at least {_FEWEST} sounds for a map, got {len(index)}")
    wanted = count or max(2, min(MOST_GROUPS, len(index) // 8))
    if not 1 <= wanted <= min(MOST_GROUPS, len(index)):
        most = min(MOST_GROUPS, len(index))
        raise ParameterError(f"groups must be in 1-{most} for {len(index)} sounds, got {wanted}")
    rng = np.random.default_rng(seed)
    tries = [kmeans2(index.vectors, wanted, minit="++", rng=rng, missing="warn") for _ in range(_TURNS)]
    _, labels = min(tries, key=lambda found: _spread(index.vectors, *found))
    groups = [_group(index, np.flatnonzero(labels == label)) for label in np.unique(labels)]
    return sorted(groups, key=lambda group: -len(group.rows))


def places_of(index: Index, seed: int) -> npt.NDArray[np.float32]:
    """Where every sound lies on the map, by t-SNE, float32 ``[n, 2]``."""
    from sklearn.manifold import TSNE

    perplexity = min(_PERPLEXITY, (len(index) - 1) / 3.0)
    found = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(index.vectors)
    return np.asarray(found, np.float32)


def draw_map(index: Index, groups: list[Group], places: npt.NDArray[np.float32]) -> bytes:
    """A PNG: sounds as points in their group's colour, names beside them where there are not too many."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 8.0), layout="constrained")
    axes: Any = figure.subplots()
    colours = mpl.colormaps[_COLOURS].colors  # type: ignore[attr-defined]
    for group, colour in zip(groups, colours, strict=False):
        rows = list(group.rows)
        axes.scatter(*places[rows].T, s=16.0, color=colour, label=f"{group.name} ({len(rows)})")
    if len(index) <= _MOST_LABELS:
        for name, (x, y) in zip(index.names, places, strict=True):
            axes.annotate(name, (x, y), (3, 2), textcoords="offset points", fontsize=6, color=INK)
    axes.set_xticks([])
    axes.set_yticks([])
    plain(axes)
    place: Any = "outside right"
    figure.legend(loc=place, frameon=False, fontsize=8, title="most typical of its group")
    return png_of(figure)


def _group(index: Index, rows: npt.NDArray[np.int64]) -> Group:
    vectors = index.vectors[rows]
    typical = int(np.linalg.norm(vectors - vectors.mean(axis=0), axis=1).argmin())
    return Group(index.names[rows[typical]], tuple(rows.tolist()))


def _spread(vectors: Any, middles: Any, labels: Any) -> float:
    return float(np.linalg.norm(vectors - middles[labels], axis=1).sum())
