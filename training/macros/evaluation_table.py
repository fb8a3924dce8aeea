"""Evaluations as tables for people, in Markdown, and as a document for programmes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from tsumami.training.macros.baselines import NEAREST
from tsumami.training.macros.evaluate import Answers, Evaluation
from tsumami.training.macros.metrics import METRICS, QUIET_DB, ROUNDS, Metric, Summary

_HEADINGS = (
    "",
    "mean",
    "95 %",
    "std",
    "median",
    "95 %",
    "mean ÷ nearest",
    "median ÷ nearest",
    "mean without quiet",
)


def title_of(evaluation: Evaluation) -> str:
    """Heading of an evaluation."""
    return f"{len(evaluation.corpus.parameters)} parameters of {evaluation.corpus.name}"


def document_of(evaluation: Evaluation) -> dict[str, Any]:
    """Every figure of the tables, as JSON can say it."""
    corpus = evaluation.corpus
    splits = {"train": corpus.train, "valid": corpus.valid, "test": corpus.test}
    return {
        "instrument": corpus.name,
        "parameters": list(corpus.parameters),
        "corpus_hash": corpus.hash,
        "presets": {name: len(split) for name, split in splits.items()},
        "quiet": int(evaluation.quiet.sum()),
        "rows": [
            {
                "name": row.name,
                "kind": row.kind,
                "silent": row.silent,
                "metrics": {metric.name: _figures(evaluation, row, metric) for metric in METRICS},
            }
            for row in evaluation.rows
        ],
    }


def markdown_of(evaluation: Evaluation) -> str:
    """An overview, then one table a metric; the floor and the baselines come first."""
    return "\n".join(_lines(evaluation)) + "\n"


def _lines(evaluation: Evaluation) -> Iterator[str]:
    yield from (f"## {title_of(evaluation)}", "", about(evaluation), "")
    yield from _table(*overview(evaluation))
    for metric in METRICS:
        yield from (
            "",
            f"### {_heading(metric)}",
            "",
            f"{metric.meaning[0].upper()}{metric.meaning[1:]}.",
            "",
        )
        yield from _table(_HEADINGS, (_detail(evaluation, row, metric) for row in evaluation.rows))


def about(evaluation: Evaluation) -> str:
    """What the rows are measured on, and what to mind."""
    corpus, quiet = evaluation.corpus, int(evaluation.quiet.sum())
    silent = ", ".join(f"{row.name} {row.silent}" for row in evaluation.rows if row.silent)
    loudness = (
        f"{quiet} of these are quiet, {QUIET_DB:g} dB or more under the median: they decide the means of SC, "
        "so judge by the medians and by the means without them."
        if quiet
        else f"None of these is quiet, {QUIET_DB:g} dB under the median."
    )
    return (
        f"{len(corpus.train):,} presets to train on, {len(corpus.valid):,} to validate, {len(corpus.test):,} "
        f"held out and rendered here; corpus `{corpus.hash}`. {loudness} Answers without any sound: "
        f"{silent or 'none'}. Intervals: percentile bootstrap, {ROUNDS:,} rounds."
    )


def overview(evaluation: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Headings, and for each row the median and the mean of every metric."""
    rows = []
    for row in evaluation.rows:
        found = [row.summaries[metric.name] for metric in METRICS]
        rows.append([row.name, *(f"{figure(one.median)} ({figure(one.mean)})" for one in found)])
    return ["median (mean)", *map(_heading, METRICS)], rows


def _detail(evaluation: Evaluation, row: Answers, metric: Metric) -> list[str]:
    figures = _figures(evaluation, row, metric)
    cells = [row.name]
    for name in ("mean", "mean_interval", "std", "median", "median_interval"):
        value = figures[name]
        cells.append("–".join(map(figure, value)) if isinstance(value, tuple) else figure(value))
    ratios = (figures["mean_to_nearest"], figures["median_to_nearest"])
    cells += ["" if ratio is None else f"{ratio:.2f}" for ratio in ratios]
    loud = figures["mean_without_quiet"]
    return [*cells, "" if loud is None else figure(loud)]


def _figures(evaluation: Evaluation, row: Answers, metric: Metric) -> dict[str, Any]:
    own, nearest = row.summaries[metric.name], evaluation.row(NEAREST).summaries[metric.name]
    loud = row.distances[metric.name][~evaluation.quiet]
    return {
        **asdict(own),
        "mean_without_quiet": float(loud.mean()) if len(loud) else None,
        "mean_to_nearest": _ratio(own, nearest, "mean"),
        "median_to_nearest": _ratio(own, nearest, "median"),
    }


def _ratio(own: Summary, nearest: Summary, name: str) -> float | None:
    peer = float(getattr(nearest, name))
    return float(getattr(own, name)) / peer if peer > 0 else None


def figure(value: float) -> str:
    """Three significant digits; from a million on with an exponent."""
    if abs(value) >= 999_500:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def _heading(metric: Metric) -> str:
    return f"{metric.name}, {metric.unit}" if metric.unit else metric.name


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{' --- |' * len(headings)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
