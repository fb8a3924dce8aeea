"""An evaluation of timbre as tables for people, in Markdown, and as a document for programmes."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from tsumami.training.markdown import table_lines
from tsumami.training.timbre.encoder_fit import TrainedEncoder
from tsumami.training.timbre.evaluate import KEPT, PAPER, SPACES, Evaluation
from tsumami.training.timbre.fit import Run
from tsumami.training.timbre.retrieval import TOP
from tsumami.training.timbre.separation import Separation

Table = tuple[list[str], list[list[str]]]

CAPTION: Final = (
    "Compactness (less is better) and dispersion (more is better) of the pitch space and the timbre space, "
    "on instruments of which no model has heard a note."
)

_PLAIN, _METRIC = "VAE", "metric_VAE"


def overview(evaluation: Evaluation) -> Table:
    """The paper's table 1, with encoders beside it."""
    headings = ["model", *(f"{space} {what}" for space in SPACES for what in Separation._fields)]
    rows = [[row.name, *_numbers(row.separation)] for row in evaluation.rows]
    return headings, rows


def markdown_of(evaluation: Evaluation) -> dict[str, str]:
    """The tables of the page, by the name of their place in it."""
    headings, rows = overview(evaluation)
    theirs = [[f"{name}, the paper's", *_numbers(found)] for name, found in PAPER.items()]
    return {
        "separation": _markdown(headings, [*rows, *theirs]),
        "margins": _markdown(*_margins(evaluation)),
        "probes": _markdown(*_probes(evaluation)),
        "retrieval": _markdown(*_retrieval(evaluation)),
        "swaps": _markdown(*_swaps(evaluation)),
        "live": _live(evaluation),
        "runs": _markdown(*_trainings(evaluation)),
    }


def document_of(evaluation: Evaluation) -> dict[str, Any]:
    """Every figure of the tables, as JSON can say it."""
    return {
        "instruments": list(evaluation.instruments.names),
        "notes": len(evaluation.instruments),
        "presets": evaluation.presets,
        "separation": {
            row.name: {space: found._asdict() for space, found in row.separation.items()}
            for row in evaluation.rows
        },
        "probes": {
            row.name: {f"{asked} from {space}": share for (space, asked), share in row.probes.items()}
            for row in evaluation.rows
        },
        "chances": evaluation.chances,
        "preset_pitch_probes": evaluation.preset_pitch,
        "retrieval": [
            {"by": name, "indexed": kept, **{f"top_{top}": share for top, share in shares.items()}}
            for (name, kept), shares in evaluation.retrieval.items()
        ],
        "swaps": {name: swapped._asdict() for name, swapped in evaluation.swapped.items()},
        "live_ms": [times._asdict() for times in evaluation.times],
        "runs": [dict(zip(*pair, strict=True)) for pair in _run_pairs(evaluation)],
    }


def margins_of(evaluation: Evaluation) -> dict[tuple[str, str], tuple[float, float]]:
    """By space and measure: the change from the plain to the metric-learned VAE, here and in the paper."""
    ours = {row.name: row.separation for row in evaluation.rows}
    if not {_PLAIN, _METRIC} <= ours.keys():
        return {}
    return {
        (space, what): (_change(ours, space, what), _change(PAPER, space, what))
        for space in SPACES
        for what in Separation._fields
    }


def _change(found: Any, space: str, what: str) -> float:
    return float(getattr(found[_METRIC][space], what) / getattr(found[_PLAIN][space], what) - 1.0)


def _margins(evaluation: Evaluation) -> Table:
    headings = ["from the VAE to the metric-learned one", "here", "in the paper"]
    rows = [
        [f"{space} {what}", f"{here:+.1%}", f"{theirs:+.1%}"]
        for (space, what), (here, theirs) in margins_of(evaluation).items()
    ]
    return headings, rows


def _probes(evaluation: Evaluation) -> Table:
    headings = ["told by a line", *(f"{asked} from {space}" for space in SPACES for asked in SPACES)]
    rows = [
        [row.name, *(_share(row.probes[space, asked]) for space in SPACES for asked in SPACES)]
        for row in evaluation.rows
    ]
    guessed = [_share(evaluation.chances[asked]) for _ in SPACES for asked in SPACES]
    return headings, [*rows, ["the most frequent one", *guessed]]


def _retrieval(evaluation: Evaluation) -> Table:
    headings = [
        f"of {evaluation.presets} presets",
        *(f"top {top}, {kept} note{'s' * (kept > 1)} indexed" for kept in KEPT for top in TOP),
    ]
    names = dict.fromkeys(name for name, _ in evaluation.retrieval)
    rows = [
        [name, *(_share(evaluation.retrieval[name, kept][top]) for kept in KEPT for top in TOP)]
        for name in names
    ]
    return headings, rows


def _swaps(evaluation: Evaluation) -> Table:
    headings = ["notes", "pitch", "timbre", "pitch of real notes", "timbre of real notes"]
    return headings, [[name, *map(_share, swapped)] for name, swapped in evaluation.swapped.items()]


def _live(evaluation: Evaluation) -> str:
    return "".join(
        f"A step of 46 ms takes the engine {times.step:.2f} ms on one thread. A note that is let go after\n"
        f"0.6 s has its vectors {times.answer:.0f} ms later, 95 % of notes within {times.answer_p95:.0f} ms, "
        "what must be heard\nfirst included.\n"
        for times in evaluation.times
    )


def _trainings(evaluation: Evaluation) -> Table:
    pairs = list(_run_pairs(evaluation))
    return list(pairs[0][0]), [list(values) for _, values in pairs]


def _run_pairs(evaluation: Evaluation) -> Iterable[tuple[Sequence[str], Sequence[str]]]:
    headings = ("trained", "budget", "seed", "epochs", "best")
    named: list[tuple[str, Run | TrainedEncoder]] = [(run.name, run) for run in evaluation.trained.paper]
    encoders = [(f"encoder, {each.loss}", each) for each in evaluation.trained.encoders]
    for name, run in [*named, *encoders]:
        counts = map(str, (run.seed, run.epochs, run.best_epoch))
        yield headings, (name, run.budget, *counts)


def _numbers(separation: dict[str, Separation]) -> list[str]:
    return [f"{value:.3f}" for space in SPACES for value in separation[space]]


def _share(value: float) -> str:
    return f"{value:.1%}"


def _markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(table_lines(headings, rows)) + "\n"
