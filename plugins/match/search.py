"""`refine`: patches tried out and heard again, each generation nearer to a sound than the last.

The search is CMA-ES (Hansen, arXiv:1604.00772) over the positions of an instrument's parameters: it needs
nothing but distances, so it goes through any synthesizer, and begins where a prediction ends. It learns a
step for each parameter, not how they hang together (separable CMA-ES, Ros and Hansen 2008): a few hundred
renders are enough for that. A search that has settled begins again from the best patch with twice as many
tries a generation, until its time is over.

A sound of the wrong level is far away however good its timbre, so the level is set first: every parameter is
moved a little once, and the one that changes the level and nothing else is followed to the level wanted.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.plugins.offline.floor import log_spectral_distance_db

Mels = npt.NDArray[np.floating[Any]]
Values = npt.NDArray[np.float32]
_Mel = npt.NDArray[np.float64]
Render = Callable[[Values], Mels]
"""Linear mel power ``[n, bands, frames]`` of patches ``[n, parameters]``, positions 0-1."""

Measure = Callable[[_Mel, _Mel], _Mel]
"""Distances ``[n]`` between a target's mel ``[bands, frames]`` and those of sounds ``[n, bands, frames]``."""

OnStep = Callable[[float, float], object]
"""Told the seconds since the beginning and the best distance so far."""

STEP: Final = 0.08
"""How far the first tries lie from the start, as a standard deviation of positions."""

SILENT: Final = 1e9
"""Distance of a patch that makes no sound, which would be 1 and so nearer than many that do."""

_SILENCE: Final = 1e-30
_DECIBEL: Final = 0.02
"""What a decibel of log-spectral distance counts for beside SC, where it counts."""
_SMALLEST_STEP: Final = 0.01
_NUDGE: Final = 0.08
_INAUDIBLE: Final = 0.01
"""A change of level that counts as none, as a logarithm of power."""
_SAME_SHAPE: Final = 0.98
"""Cosine of two mels, flattened, that differ in their level alone."""
_FACTORS: Final = (0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 3.0)
"""Of the way along the loudness that a straight line foretells."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best patch float32 ``[parameters]`` with its distance, beside that of the best start.

    ``renders`` counts the patches that were tried, starts included; ``is_whole`` is False when an interrupt
    from the keyboard ended the search.
    """

    values: Values
    distance: float
    start_distance: float
    renders: int
    seconds: float
    is_whole: bool = True


def by_power(target: _Mel, mels: _Mel) -> _Mel:
    """Spectral convergence (SC), ‖target − mel‖ / ‖target‖ of linear power: 0 is the same sound."""
    distances: _Mel = np.linalg.norm(mels - target, axis=(1, 2)) / np.linalg.norm(target)
    return distances


def by_detail(target: _Mel, mels: _Mel) -> _Mel:
    """SC and a fiftieth of the log-spectral distance in dB, in which faint parts of a sound count too."""
    faint = [log_spectral_distance_db(target.T, mel.T) for mel in mels]
    return by_power(target, mels) + _DECIBEL * np.array(faint)


def refine(
    target: Mels,
    starts: Values,
    render: Render,
    seconds: float,
    seed: int = 0,
    *,
    most_renders: int | None = None,
    measure: Measure = by_power,
    on_step: OnStep = lambda _seconds, _distance: None,
) -> Found:
    """Search on from the best of ``starts`` for ``seconds``; what comes back is never worse than they are.

    ``target`` is the mel ``[bands, frames]`` to come near, ``starts`` a patch ``[parameters]`` or several
    ``[n, parameters]``. ``render`` is called with a generation at a time, some ten to twenty patches; the
    one that is under way when the time is over is finished. With ``most_renders`` and time to spare, the
    same ``seed`` finds the same patch. Once the starts are heard, an interrupt from the keyboard ends the
    search and not the program. Raises `ParameterError` for a silent target or a time below 0.
    """
    search = _Search(target, render, seconds, most_renders, measure, on_step)
    search.hear(np.clip(np.atleast_2d(np.asarray(starts, np.float32)), 0.0, 1.0))
    start, is_whole = search.best.distance, True
    try:
        _set_level(search)
        _evolve(search, np.random.default_rng(seed))
    except KeyboardInterrupt:
        is_whole = False
    best = search.best
    return Found(best.values, best.distance, start, search.renders, search.elapsed, is_whole)


def _set_level(search: "_Search") -> None:
    """Follow the parameter that is the loudness, if there is one, to the target's level."""
    begin = search.best
    power = float((begin.mel**2).sum())
    gain = float((search.target * begin.mel).sum()) / power if power > _SILENCE else 0.0
    if search.is_over or gain <= 0.0:
        return
    nudges = np.where(begin.values > 0.5, -_NUDGE, _NUDGE).astype(np.float32)
    nudged = search.hear(begin.values + np.diag(nudges))
    levels = np.array([_level(begin.mel, tried.mel) for tried in nudged])
    row = int(np.abs(levels).argmax())
    if search.is_over or abs(levels[row]) < _INAUDIBLE:
        return
    tries = np.repeat(begin.values[None], len(_FACTORS), axis=0)
    tries[:, row] += np.float32(np.log(gain) / levels[row] * nudges[row]) * np.array(_FACTORS, np.float32)
    search.hear(np.clip(tries, 0.0, 1.0))


def _level(before: _Mel, after: _Mel) -> float:
    """Logarithm of the gain from one mel to another; 0 where more than the level differs."""
    product, square = float((before * after).sum()), float((before**2).sum())
    likeness = product / max(float(np.linalg.norm(after)) * float(np.sqrt(square)), _SILENCE)
    return float(np.log(product / square)) if likeness >= _SAME_SHAPE else 0.0


def _evolve(search: "_Search", rng: np.random.Generator) -> None:
    import cma

    count = search.best.values.size
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
        centre = np.resize(search.best.values, max(count, 2))  # a single position has an idle companion
        strategy: Any = cma.CMAEvolutionStrategy(centre.astype(np.float64), step, options)
        while not strategy.stop() and not search.is_over:
            asked = strategy.ask()
            heard = search.hear(np.asarray(asked, np.float32)[:, :count])
            strategy.tell(asked, [tried.distance for tried in heard])
        step, tries = max(step / 2, _SMALLEST_STEP), 2 * tries


@dataclass(frozen=True, slots=True)
class _Tried:
    """One patch, what was heard of it, and how far off that is."""

    values: Values
    mel: _Mel
    distance: float


class _Search:
    """The target, the best patch so far, and how much has been spent."""

    def __init__(
        self,
        target: Mels,
        render: Render,
        seconds: float,
        most_renders: int | None,
        measure: Measure,
        on_step: OnStep,
    ) -> None:
        self.target = np.asarray(target, np.float64)
        norm = float(np.linalg.norm(self.target))
        if not np.isfinite(norm) or norm <= _SILENCE:
            raise ParameterError("target must be a sound, got silence or samples that are no numbers")
        if not seconds >= 0.0:
            raise ParameterError(f"seconds must be at least 0, got {seconds:g}")
        self._render, self._measure, self._on_step = render, measure, on_step
        self._seconds, self._most = seconds, most_renders
        self._began = time.perf_counter()
        self.best = _Tried(np.zeros(0, np.float32), self.target, np.inf)
        self.renders = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._began

    @property
    def is_over(self) -> bool:
        """Whether time or renders are spent, or nothing is left to gain."""
        spent = self._most is not None and self.renders >= self._most
        return spent or self.elapsed >= self._seconds or self.best.distance == 0.0

    def hear(self, values: Values) -> list[_Tried]:
        """Try patches ``[n, parameters]``; the best of them is kept, but never one that makes no sound."""
        mels = np.nan_to_num(np.asarray(self._render(values), np.float64), posinf=0.0, neginf=0.0)
        distances = self._measure(self.target, mels)
        distances[~mels.any(axis=(1, 2))] = SILENT
        heard = [_Tried(*row) for row in zip(values, mels, distances.tolist(), strict=True)]
        self.renders += len(heard)
        self.best = min([self.best, *heard], key=lambda tried: tried.distance)
        self._on_step(self.elapsed, self.best.distance)
        return heard
