"""An evaluation of the groove paper as tables for people, in Markdown, and as a document for programmes."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tsumami.training.groove.evaluate import AMPLITUDES, Evaluation, Row
from tsumami.training.groove.pieces import DEVIATIONS_MS
from tsumami.training.markdown import table_lines

Table = tuple[list[str], list[list[str]]]

CAPTION: Final = (
    "≤: SDR in dB of samples up to so much, from the last on. weak: rise in dB of the divergence at soft "
    "hits. AUC: of ghost notes. rises: whether its mean, its level or both do with every deviation."
)

_RISES: Final = {(False, False): "no", (True, False): "mean", (False, True): "level", (True, True): "both"}
_BANDS: Final = [f"{low:g}-{high:g}" for low, high in itertools.pairwise(AMPLITUDES)]
_MILLISECONDS: Final = [f"{deviation} ms" for deviation in DEVIATIONS_MS]


def overview(evaluation: Evaluation) -> Table:
    """Headings, and for each model what it restores and what its divergence shows; see `CAPTION`."""
    headings = ["model", *(f"≤{high:g}" for high in AMPLITUDES[1:]), "weak", "AUC", "rises"]
    rows = []
    for row in evaluation.rows:
        judged = [_cell(row.weak_rise_db, 1), _cell(row.ghost_auc, 3), _RISES[row.rises]]
        rows.append([row.run.label, *_cells(row.restored_db, 1), *judged])
    return headings, rows


def markdown_of(evaluation: Evaluation) -> dict[str, str]:
    """The tables of the page, by the name of their place in it."""
    rows = evaluation.rows
    return {
        "restored": _markdown(["dB", *_BANDS], ([_name(row), *_cells(row.restored_db, 1)] for row in rows)),
        "sampled": _markdown(["dB", *_BANDS], ([_name(row), *_cells(row.sampled_db, 1)] for row in rows)),
        "ghosts": _markdown(
            ["model", "weak rise, dB", "ghost AUC"],
            ([_name(row), _cell(row.weak_rise_db, 1), _cell(row.ghost_auc, 3)] for row in rows),
        ),
        "means": _markdown(
            ["nats", *_MILLISECONDS, "rises"],
            ([_name(row), *_cells(row.mean_nats, 2), _yes(row.rises[0])] for row in rows),
        ),
        "levels": _markdown(
            ["dB of 1 nat", *_MILLISECONDS, "rises"],
            ([_name(row), *_cells(row.level_db, 2), _yes(row.rises[1])] for row in rows),
        ),
        "runs": _markdown(*_trainings(rows)),
    }


def document_of(evaluation: Evaluation) -> dict[str, Any]:
    """Every figure of the tables, as JSON can say it."""
    return {
        "piece": evaluation.section.name,
        "data_hash": evaluation.section.hash,
        "pieces": list(evaluation.pieces),
        "ghost_notes": evaluation.ghosts,
        "amplitudes": list(AMPLITUDES),
        "deviations_ms": list(DEVIATIONS_MS),
        "rows": [_document(row) for row in evaluation.rows],
    }


def _document(row: Row) -> dict[str, Any]:
    mean_rises, level_rises = row.rises
    return {
        "model": row.run.name,
        "restored_db": list(row.restored_db),
        "sampled_db": list(row.sampled_db),
        "mean_nats": list(row.mean_nats),
        "mean_rises": mean_rises,
        "level_db": list(row.level_db),
        "level_rises": level_rises,
        "weak_rise_db": row.weak_rise_db,
        "ghost_auc": row.ghost_auc,
        "core_share": row.core_share,
        "elbo": row.run.elbo,
        "budget": row.run.budget,
        "seed": row.run.seed,
        "epochs": row.run.epochs,
        "best_epoch": row.run.best_epoch,
        "command": row.run.command,
    }


def _trainings(rows: Sequence[Row]) -> Table:
    headings = ["trained", "budget", "seed", "epochs", "best", "ELBO, nats a sample", "of a core, live"]
    lines = []
    for row in rows:
        run = row.run
        counts = map(str, (run.seed, run.epochs, run.best_epoch))
        lines.append([run.name, run.budget, *counts, f"{run.elbo:.3f}", f"{row.core_share:.1%}"])
    return headings, lines


def _markdown(headings: Sequence[str], rows: Iterator[list[str]] | list[list[str]]) -> str:
    return "\n".join(table_lines(headings, rows)) + "\n"


def _name(row: Row) -> str:
    return row.run.label


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _cells(values: Sequence[float | None], places: int) -> list[str]:
    return [_cell(value, places) for value in values]


def _cell(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:.{places}f}"
