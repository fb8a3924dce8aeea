"""What the models of the groove paper restore, and what their divergence shows of a performance."""

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from tsumami.engine.errors import ModelError
from tsumami.engine.groove.divergence import HIT_SECONDS, at_hits
from tsumami.engine.groove.encoder import DivergenceMeter
from tsumami.training.groove.beats import BPM, SAMPLE_RATE, Section, cut, split
from tsumami.training.groove.export import export_run
from tsumami.training.groove.pieces import Piece
from tsumami.training.groove.run import Run

Audio = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
Figures = tuple[float | None, ...]

AMPLITUDES: Final = (0.0, 0.02, 0.1, 0.5, 1.0)
"""Edges of the bands by which samples are judged, by their own amplitude."""
LEVEL_SECONDS: Final = 0.01
"""The divergence's level is the mean of the logarithms of its means over so long."""
_LEAST: Final = 1e-5
_BLOCK: Final = 64
_COST_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one model; a tuple has one for each band of `AMPLITUDES` or of `DEVIATIONS_MS`."""

    run: Run
    restored_db: Figures
    """SDR of the means of the latent (figure 3)."""
    sampled_db: Figures
    """SDR of samples of the latent (figure 5)."""
    mean_nats: tuple[float, ...]
    """Mean divergence from the programmed twin, over all pieces."""
    level_db: tuple[float, ...]
    """The same in dB of 1 nat, loud and soft places alike."""
    weak_rise_db: float | None
    """By how much the divergence is higher after a soft hit than before it, the middle one."""
    ghost_auc: float | None
    """How surely a hit's divergence tells that a ghost note is there: 0.5 is chance, 1 always."""

    core_share: float
    """Of one core, what the engine takes for the divergence as it is played, in blocks of 64."""

    @property
    def rises(self) -> tuple[bool, bool]:
        """Whether the mean, and whether the level, is higher for each larger deviation."""
        mean, level = (bool((np.diff(figures) > 0.0).all()) for figures in (self.mean_nats, self.level_db))
        return mean, level


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All rows; ``section`` is what was learned from."""

    section: Section
    pieces: tuple[str, ...]
    ghosts: int
    rows: tuple[Row, ...]


def evaluate(
    runs: Sequence[Run],
    section: Section,
    pieces: Sequence[Piece],
    on_step: Callable[[str], object] = lambda _text: None,
) -> Evaluation:
    """Put every run to the beats kept from it, and to ``pieces``. Raises `ModelError` for other data's."""
    rows = []
    for run in runs:
        if run.data_hash != section.hash:
            raise ModelError(f"runs must be trained on the data given, got {run.name} of another {run.piece}")
        on_step(f"{run.name} restores beats")
        beats = cut(section.performed)
        tested = beats[split(len(beats), run.seed)[1]]
        errors = [band_sdr_db(tested, run.restored(tested, sampled=sampled)) for sampled in (False, True)]
        heard = []
        for number, piece in enumerate(pieces, 1):
            on_step(f"{run.name} hears piece {number} of {len(pieces)}")
            heard.append(_hear(run, piece))
        rows.append(_row(run, errors, heard, core_share(run, section)))
    ghosts = sum(len(piece.ghosts) for piece in pieces)
    return Evaluation(section, tuple(piece.name for piece in pieces), ghosts, tuple(rows))


def band_sdr_db(true: Audio, made: Audio) -> Figures:
    """10 log10(Σ s² / Σ (s − y)²) over the samples of each band of `AMPLITUDES`; None of an empty one."""
    size = np.abs(true)
    figures: list[float | None] = []
    for low, high in itertools.pairwise(AMPLITUDES):
        chosen = (size >= low) & ((size < high) | (high == AMPLITUDES[-1]))
        power = float(np.square(true[chosen], dtype=np.float64).sum())
        error = float(np.square((true - made)[chosen], dtype=np.float64).sum())
        figures.append(10.0 * float(np.log10(power / error)) if power and error else None)
    return tuple(figures)


@dataclass(frozen=True, slots=True)
class _Heard:
    """Of one piece: by deviation, and by ghost note."""

    mean_nats: Audio
    level_db: Values
    weak_rise_db: Values
    present: Audio
    absent: Audio


def _hear(run: Run, piece: Piece) -> _Heard:
    moved = run.divergence(piece.moved, piece.programmed)
    played = run.divergence(piece.performed[:1], piece.programmed)[0]
    present, absent = run.divergence(piece.performed, piece.accents)
    times = piece.ghosts["time_seconds"]
    # In the programmed twin the hit is on the grid: whichever comes first begins to diverge.
    begins = np.minimum(times, piece.ghosts["beat"] * 60.0 / BPM)
    before, after = (at_hits(played, begins - lead, SAMPLE_RATE) for lead in (HIT_SECONDS, 0.0))
    return _Heard(
        moved.mean(axis=1),
        level_db(moved),
        _decibels(after) - _decibels(before),
        at_hits(present, times, SAMPLE_RATE),
        at_hits(absent, times, SAMPLE_RATE),
    )


def level_db(divergence: Audio) -> Values:
    """The level of curves ``[n, frames]``, ``[n]``: every 10 ms counts the same, however loud."""
    size = round(LEVEL_SECONDS * SAMPLE_RATE)
    whole = divergence[:, : divergence.shape[1] // size * size]
    means = whole.reshape(len(whole), -1, size).mean(axis=2)
    return np.asarray(_decibels(means).mean(axis=1))


def _decibels(nats: Audio) -> Values:
    return np.asarray(10.0 * np.log10(np.maximum(nats, _LEAST)), np.float64)


def core_share(run: Run, section: Section) -> float:
    """Of one core, what the engine's meter takes for a section's first seconds in blocks of 64."""
    meter = DivergenceMeter(export_run(run, section)[0])
    meter.prepare()
    began = time.process_time()
    for at in range(0, _COST_SECONDS * SAMPLE_RATE, _BLOCK):
        meter.process(*(sound[at : at + _BLOCK] for sound in (section.performed, section.programmed)))
    return (time.process_time() - began) / _COST_SECONDS


def _row(run: Run, errors: Sequence[Figures], heard: Sequence[_Heard], share: float) -> Row:
    present, absent = (
        np.concatenate([getattr(one, name) for one in heard]) for name in ("present", "absent")
    )
    rises = np.concatenate([one.weak_rise_db for one in heard])
    truth = np.repeat([1, 0], [len(present), len(absent)])
    return Row(
        run,
        errors[0],
        errors[1],
        tuple(np.mean([one.mean_nats for one in heard], axis=0).tolist()),
        tuple(np.mean([one.level_db for one in heard], axis=0).tolist()),
        float(np.median(rises)) if len(rises) else None,
        float(roc_auc_score(truth, np.concatenate([present, absent]))) if len(present) else None,
        share,
    )
