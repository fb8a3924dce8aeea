"""An evaluation as tables for people, in Markdown, and as a document for programmes."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from tsumami.training.markdown import table_lines
from tsumami.training.restoration.evaluate import Evaluation, Score
from tsumami.training.restoration.methods import GIVEN
from tsumami.training.restoration.metrics import BANDS_HZ
from tsumami.training.restoration.run import Run
from tsumami.training.restoration.spectra import HOP, SAMPLE_RATE

PAPER_DB: Final[Mapping[str, float]] = MappingProxyType(
    {
        "LSTM": 5.00,
        "filter_LSTM": 5.26,
        "filter_time_BLSTM": 8.77,
        "frequency_BLSTM": 6.51,
        "QDLSTM": 8.67,
    }
)
"""The paper's table 1: six jazz tunes to learn from, 8 s of a seventh."""

_BANDS: Final = tuple(f"{low / 1000:g}-{high / 1000:g} kHz" for low, high in BANDS_HZ)
_SHORTEST: Final = 24


def overview(evaluation: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Headings, and for each row its mean SDR over all held-out tunes, in all and by band."""
    headings = ["mean SDR, dB", "given", "0-8 kHz", *_BANDS, "the paper's"]
    rows = []
    for row in evaluation.rows:
        paper = f"{PAPER_DB[row.name]:.2f}" if row.name in PAPER_DB else ""
        rows.append([row.name, GIVEN[row.name], *_cells(row.mean(evaluation.tunes)), paper])
    return headings, rows


def by_tune(evaluation: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Headings, and for each row its SDR of every tune when that is held out."""
    headings = ["SDR, dB", *(short(tune.name) for tune in evaluation.tunes)]
    rows = []
    for row in evaluation.rows:
        found = [row.mean([tune]).overall for tune in evaluation.tunes]
        rows.append([row.name, *map(_cell, found)])
    return headings, rows


def markdown_of(evaluation: Evaluation) -> str:
    """Both tables, and what the runs are."""
    lines = [*table_lines(*overview(evaluation)), "", *table_lines(*by_tune(evaluation))]
    if evaluation.runs:
        lines += ["", *table_lines(*_trainings(evaluation.runs))]
    return "\n".join(lines) + "\n"


def document_of(evaluation: Evaluation) -> dict[str, Any]:
    """Every figure of the tables, as JSON can say it."""
    return {
        "bands_hz": [list(band) for band in BANDS_HZ],
        "tunes": [
            {"name": tune.name, "seconds": round(len(tune.magnitudes) * HOP / SAMPLE_RATE, 1)}
            for tune in evaluation.tunes
        ],
        "rows": [
            {
                "name": row.name,
                "given": GIVEN[row.name],
                "mean": _document(row.mean(evaluation.tunes)),
                "tunes": {name: _document(score) for name, score in row.scores.items()},
            }
            for row in evaluation.rows
        ],
        "runs": [_run(run) for run in evaluation.runs],
    }


def short(name: str) -> str:
    """The end of a tune's name, which tells it from the others of its author."""
    return name if len(name) <= _SHORTEST else f"…{name[-_SHORTEST:]}"


def _document(score: Score) -> dict[str, Any]:
    return {"sdr_db": score.overall, "bands_sdr_db": list(score.bands)}


def _run(run: Run) -> dict[str, Any]:
    return {
        "model": run.name,
        "held_out": run.held_out,
        "data_hash": run.data_hash,
        "budget": run.budget,
        "seed": run.seed,
        "epochs": run.epochs,
        "best_epoch": run.best_epoch,
        "validation_mse": run.mse,
        "command": run.command,
    }


def _trainings(runs: Sequence[Run]) -> tuple[list[str], list[list[str]]]:
    headings = ["trained", "without", "budget", "seed", "epochs", "best", "validation MSE"]
    rows = []
    for run in runs:
        counts = map(str, (run.seed, run.epochs, run.best_epoch))
        rows.append([run.name, short(run.held_out), run.budget, *counts, f"{run.mse:.3g}"])
    return headings, rows


def _cells(score: Score) -> list[str]:
    return [_cell(figure) for figure in score.figures]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
