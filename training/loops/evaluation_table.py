"""An evaluation of loops as tables for people, in Markdown, and as a document for programmes."""

from dataclasses import asdict
from typing import Any, Final

from tsumami.training.loops.evaluate import Evaluation, Row
from tsumami.training.loops.paper import PaperRun
from tsumami.training.loops.paper_facts import paper_facts
from tsumami.training.markdown import table_lines

Table = tuple[list[str], list[list[str]]]

CAPTION: Final = (
    "memorised: share half as near to a learned loop as that to its neighbour. NDB: share of bins that "
    "differ. Vendi: how many different loops 200 are worth."
)


def overview(evaluation: Evaluation) -> Table:
    """Headings, and for the true loops and each generator how varied, near and steerable its loops are."""
    headings = [
        "loops",
        "memorised",
        "NDB/K",
        "JSD, bits",
        "density",
        "coverage",
        "Vendi",
        "seam",
        "seams held",
    ]
    return [*headings, "density steered", "brightness steered"], [_cells(row) for row in evaluation.rows]


def trainings(evaluation: Evaluation) -> Table:
    """What was trained, and how far its loops are from those that were kept."""
    headings = ["trained", "budget", "seed", "epochs", "best", "energy distance"]
    rows = []
    for row in evaluation.rows:
        if (run := row.run) is not None:
            counts = map(str, (run.seed, run.epochs, run.best_epoch))
            rows.append([run.name, run.budget, *counts, f"{run.energy:.3f}"])
    return headings, rows


def markdown_of(table: Table) -> str:
    """A table of a page."""
    return "\n".join(table_lines(*table)) + "\n"


def document_of(evaluation: Evaluation) -> dict[str, Any]:
    """Every figure of the tables, as JSON can say it."""
    paper = evaluation.paper
    return {
        "data_hash": evaluation.data.hash,
        "learned": len(evaluation.data.loops),
        "loop_ms": evaluation.loop_ms,
        "rows": [_document(row) for row in evaluation.rows],
        "paper": None if paper is None else _paper(paper),
    }


def _paper(run: PaperRun) -> dict[str, Any]:
    return {"epochs": run.epochs, "command": run.command, **asdict(paper_facts(run))}


def _document(row: Row) -> dict[str, Any]:
    of_run = {}
    if (run := row.run) is not None:
        of_run = {
            "budget": run.budget,
            "seed": run.seed,
            "epochs": run.epochs,
            "best_epoch": run.best_epoch,
            "energy_distance": run.energy,
            "command": run.command,
        }
    return {
        "loops": row.label,
        "memorised": row.memorised,
        "ndb": row.bins_apart,
        "jsd_bits": row.divergence_bits,
        "density": row.density,
        "coverage": row.coverage,
        "vendi": row.vendi,
        "seam": row.seam,
        "seams_held": row.seams_held,
        "density_steered": row.steered[0],
        "brightness_steered": row.steered[1],
        **of_run,
    }


def _cells(row: Row) -> list[str]:
    shares = f"{row.memorised:.1%}", f"{row.bins_apart:.2f}", f"{row.divergence_bits:.3f}"
    near = f"{row.density:.2f}", f"{row.coverage:.2f}", f"{row.vendi:.1f}"
    seams = f"{row.seam:.2f}", f"{row.seams_held:.0%}"
    steered = ["", ""] if row.run is None else [f"{share:.2f}" for share in row.steered]
    return [row.label, *shares, *near, *seams, *steered]
