"""`refine`: patches tried out and heard again, each generation nearer to a sound than the last.

The search is CMA-ES (Hansen, arXiv:1604.00772) over the positions of an instrument's parameters: it needs
nothing but distances, so it goes through any synthesizer, and begins where a prediction ends. It learns a
step for each parameter, not how they hang together (separable CMA-ES, Ros and Hansen 2008): a few hundred
renders are enough for that. A search that has settled begins again from the best patch with twice as many
tries a generation, until its time is over.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError

Mels = npt.NDArray[np.floating[Any]]
Values = npt.NDArray[np.float32]
Render = Callable[[Values], Mels]
"""Linear mel power ``[n, bands, frames]`` of patches ``[n, parameters]``, positions 0-1."""

STEP: Final = 0.08
"""How far the first tries lie from the start, as a standard deviation of positions."""

_WORST: Final = 1e9
_SILENCE: Final = 1e-30
_SMALLEST_STEP: Final = 0.01


@dataclass(frozen=True, slots=True)
class Found:
    """The best patch float32 ``[parameters]`` with its distance, beside that of the best start.

    Distances are spectral convergence, ‖target − heard‖ / ‖target‖ of linear mel power: 0 is the same sound.
    ``renders`` counts the patches that were tried, starts included.
    """

    values: Values
    distance: float
    start_distance: float
    renders: int
    seconds: float


def refine(
    target: Mels,
    starts: Values,
    render: Render,
    seconds: float,
    seed: int = 0,
    *,
    most_renders: int | None = None,
) -> Found:
    """Search on from the best of ``starts`` for ``seconds``; what comes back is never worse than they are.

    ``target`` is the mel ``[bands, frames]`` to come near, ``starts`` a patch ``[parameters]`` or several
    ``[n, parameters]``. ``render`` is called with a generation at a time, some ten to twenty patches; the
    one that is under way when the time is over is finished. With ``most_renders`` and time to spare, the
    same ``seed`` finds the same patch. Raises `ParameterError` for a silent target or a time below 0.
    """
    search = _Search(target, render, seconds, most_renders)
    search.hear(np.clip(np.atleast_2d(np.asarray(starts, np.float32)), 0.0, 1.0))
    start = search.distance
    _evolve(search, np.random.default_rng(seed))
    return Found(search.values, search.distance, start, search.renders, search.elapsed)


def _evolve(search: "_Search", rng: np.random.Generator) -> None:
    import cma

    count = search.values.size
    step, tries = STEP, 4 + int(3 * np.log(count))
    while not search.is_over:
        options = {
            "bounds": [0.0, 1.0],
            "CMA_diagonal": True,
            "popsize": tries,
            "randn": lambda *shape: rng.standard_normal(shape),
            "seed": np.nan,  # leaves numpy's own generator alone
            "tolfun": 1e-4,
            "tolx": 1e-4,
            "verbose": -9,
        }
        centre = np.resize(search.values, max(count, 2))  # a single position is given an idle companion
        strategy: Any = cma.CMAEvolutionStrategy(centre.astype(np.float64), step, options)
        while not strategy.stop() and not search.is_over:
            asked = strategy.ask()
            strategy.tell(asked, search.hear(np.asarray(asked, np.float32)[:, :count]).tolist())
        step, tries = max(step / 2, _SMALLEST_STEP), 2 * tries


class _Search:
    """The target, the best patch so far, and how much has been spent."""

    def __init__(self, target: Mels, render: Render, seconds: float, most_renders: int | None) -> None:
        self._target = np.asarray(target, np.float64)
        self._level = float(np.linalg.norm(self._target))
        if not np.isfinite(self._level) or self._level <= _SILENCE:
            raise ParameterError("target must be a sound, got silence or samples that are no numbers")
        if not seconds >= 0.0:
            raise ParameterError(f"seconds must be at least 0, got {seconds:g}")
        self._render, self._seconds, self._most = render, seconds, most_renders
        self._began = time.perf_counter()
        self.values = np.zeros(0, np.float32)
        self.distance = np.inf
        self.renders = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._began

    @property
    def is_over(self) -> bool:
        """Whether time or renders are spent, or nothing is left to gain."""
        spent = self._most is not None and self.renders >= self._most
        return spent or self.elapsed >= self._seconds or self.distance == 0.0

    def hear(self, values: Values) -> npt.NDArray[np.float64]:
        """Distances ``[n]`` of patches ``[n, parameters]``; the best of them is kept."""
        difference = np.asarray(self._render(values), np.float64) - self._target
        heard = np.linalg.norm(difference, axis=(1, 2)) / self._level
        distances = np.where(np.isfinite(heard), heard, _WORST)
        self.renders += len(values)
        best = int(distances.argmin())
        if distances[best] < self.distance:
            self.values, self.distance = values[best].copy(), float(distances[best])
        return distances
