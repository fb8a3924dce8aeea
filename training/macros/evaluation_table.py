"""Evaluations as tables for people, in Markdown, and as a document for programmes."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from tsumami.training.macros.baselines import NEAREST
from tsumami.training.macros.evaluate import Answers, Evaluation, Judged, JudgedSounds
from tsumami.training.macros.metrics import QUIET_DB, ROUNDS, Metric, Summary
from tsumami.training.markdown import table_lines

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
        "rows": _documents_of(evaluation),
        "others": [
            {
                "name": judged.sounds.name,
                "note": judged.sounds.note,
                "count": len(judged.sounds.mel),
                "quiet": int(judged.quiet.sum()),
                "rows": _documents_of(judged),
            }
            for judged in evaluation.others
        ],
    }


def _documents_of(judged: Judged) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name,
            "kind": row.kind,
            "silent": row.silent,
            "choice_accuracy": row.accuracy,
            "metrics": {metric.name: _figures(judged, row, metric) for metric in judged.metrics},
        }
        for row in judged.rows
    ]


def markdown_of(evaluation: Evaluation, pictures: Mapping[str, str] = MappingProxyType({})) -> str:
    """An overview, one of other sounds if there are any, ``pictures``, then one table a metric.

    ``pictures`` are what each shows, by the name of its file.
    """
    return "\n".join(_lines(evaluation, pictures)) + "\n"


def _lines(evaluation: Evaluation, pictures: Mapping[str, str]) -> Iterator[str]:
    yield from (f"## {title_of(evaluation)}", "", about(evaluation), "")
    yield from table_lines(*overview(evaluation))
    for name, shown in pictures.items():
        yield from ("", f"{shown}:", "", f"![{shown}]({name})")
    for judged in evaluation.others:
        yield from ("", f"### Other sounds: {judged.sounds.name}", "", about_others(judged), "")
        yield from table_lines(*overview(judged))
    yield from _details(evaluation, "")
    for judged in evaluation.others:
        yield from _details(judged, f" of {judged.sounds.name}")


def _details(judged: Judged, of: str) -> Iterator[str]:
    """One table a metric."""
    for metric in judged.metrics:
        meaning = f"{metric.meaning[0].upper()}{metric.meaning[1:]}."
        yield from ("", f"### {_heading(metric)}{of}", "", meaning, "")
        yield from table_lines(_HEADINGS, (_detail(judged, row, metric) for row in judged.rows))


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


def about_others(judged: JudgedSounds) -> str:
    """What these sounds are, and what to mind."""
    silent = ", ".join(f"{row.name} {row.silent}" for row in judged.rows if row.silent)
    return (
        f"{judged.sounds.note}; made as loud as the median of the training presets. Nobody knows which "
        "parameters would be right, or how near the instrument can come. The floor is the nearest presets' "
        f"own sounds beside new renders of them. Answers without any sound: {silent or 'none'}."
    )


def overview(judged: Judged) -> tuple[list[str], list[list[str]]]:
    """Headings, and for each row the median and the mean of every metric, and the choices that are right."""
    rows = []
    for row in judged.rows:
        found = [row.summaries[metric.name] for metric in judged.metrics]
        cells = [f"{figure(one.median)} ({figure(one.mean)})" for one in found]
        rows.append([row.name, *cells, *([] if row.accuracy is None else [f"{row.accuracy:.1%}"])])
    choices = [] if judged.rows[0].accuracy is None else ["choices right"]
    return ["median (mean)", *map(_heading, judged.metrics), *choices], rows


def _detail(judged: Judged, row: Answers, metric: Metric) -> list[str]:
    figures = _figures(judged, row, metric)
    cells = [row.name]
    for name in ("mean", "mean_interval", "std", "median", "median_interval"):
        value = figures[name]
        cells.append("–".join(map(figure, value)) if isinstance(value, tuple) else figure(value))
    ratios = (figures["mean_to_nearest"], figures["median_to_nearest"])
    cells += ["" if ratio is None else f"{ratio:.2f}" for ratio in ratios]
    loud = figures["mean_without_quiet"]
    return [*cells, "" if loud is None else figure(loud)]


def _figures(judged: Judged, row: Answers, metric: Metric) -> dict[str, Any]:
    own, nearest = row.summaries[metric.name], judged.row(NEAREST).summaries[metric.name]
    loud = row.distances[metric.name][~judged.quiet]
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
    """Three significant digits; from a million on with an exponent, and nothing below a millionth."""
    if abs(value) < 1e-6:
        return "0"
    if abs(value) >= 999_500:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def _heading(metric: Metric) -> str:
    return f"{metric.name}, {metric.unit}" if metric.unit else metric.name
