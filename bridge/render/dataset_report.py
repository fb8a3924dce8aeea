"""What a render of presets tells when it is done: on the terminal, and as a page of results."""

from collections.abc import Iterator
from pathlib import Path

from tsumami.bridge.bench.report import Report, Row
from tsumami.plugins.offline import RenderReport

_SHOWN = 12
"""How many items of a list a person is shown."""


def print_report(report: RenderReport) -> None:
    """The report as a person reads it."""
    print(
        f"{report.output}: {report.patches} patches of {report.instrument}, {report.rendered} rendered now "
        f"in {report.seconds:.1f} s on {report.workers} workers ({report.per_second:.1f}/s, "
        f"{report.times_real_time:.0f} x real time)"
    )
    for line in _lines(report):
        print(line)


def save_report(report: RenderReport, path: Path) -> None:
    """Write the report as ``path`` (Markdown) and beside it as JSON, with the command and the machine."""
    rows = [
        Row("patches", report.patches, ""),
        Row("rendered in this run", report.rendered, ""),
        Row("time", report.seconds, "s"),
        Row("rate", report.per_second, "patches/s"),
        Row("speed", report.times_real_time, "× real time"),
        Row("workers", report.workers, ""),
    ]
    if report.floor is not None:
        floor = report.floor
        rows += [
            Row("render floor: patches rendered twice", floor.patches, ""),
            Row("render floor: the same bit for bit", floor.exact, ""),
            Row("render floor: SC, median", floor.sc_median, ""),
            Row("render floor: SC, highest", floor.sc_max, ""),
            Row("render floor: LSD, median", floor.lsd_median_db, "dB"),
            Row("render floor: LSD, highest", floor.lsd_max_db, "dB"),
        ]
    rows += [Row(f"flag: {name.replace('_', ' ')}", count, "patches") for name, count in report.flags.items()]
    Report(path.stem, rows, list(_lines(report))).save(path.parent)


def _lines(report: RenderReport) -> Iterator[str]:
    """A sentence for each thing there is to say."""
    if report.floor is not None:
        yield (
            "render floor of {patches} patches: SC {sc_median:.3g} (highest {sc_max:.3g}), LSD "
            "{lsd_median_db:.3g} dB (highest {lsd_max_db:.3g}), {exact} the same bit for bit".format(
                **report.document()["floor"]
            )
        )
    flagged = [f"{count} {name.replace('_', ' ')}" for name, count in report.flags.items() if count]
    yield f"flags: {', '.join(flagged) or 'none'}"
    for trouble in report.troubles[:_SHOWN]:
        yield f"{trouble.why}: {trouble.name!r} ({trouble.source})"
    yield from _more(len(report.troubles), "patches without a sound")
    for source, count in list(report.refused.items())[:_SHOWN]:
        yield f"left out, of another synthesizer: {count} of {source}"
    yield from _more(len(report.refused), "files left out")
    if report.unknown:
        names = sorted(report.unknown)
        yield (
            f"{len(names)} parameter names that {report.instrument} does not have: "
            f"{', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''}"
        )
    yield from (f"left out: {reason}" for reason in report.broken[:_SHOWN])
    yield from _more(len(report.broken), "broken files")


def _more(count: int, what: str) -> Iterator[str]:
    if count > _SHOWN:
        yield f"… and {count - _SHOWN} more {what}"
