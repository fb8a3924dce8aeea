"""The findings as a person reads them."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tsumami.bridge.doctor.finding import Finding, Status

_STYLES: dict[Status, str] = {"ok": "green", "note": "yellow", "problem": "bold red"}


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """One row a finding, its remedy below its sentence, and the count of problems at the end."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    topic = ""
    for finding in findings:
        sentence = Text(finding.text)
        if finding.remedy:
            sentence.append(f"\n→ {finding.remedy}", style="dim")
        shown = "" if finding.topic == topic else finding.topic
        table.add_row(Text(shown), Text(finding.status, _STYLES[finding.status]), sentence)
        topic = finding.topic
    console.print(table)
    problems = sum(finding.status == "problem" for finding in findings)
    count = {0: "No problem", 1: "1 problem"}.get(problems, f"{problems} problems")
    console.print(f"\n{count} found.")
