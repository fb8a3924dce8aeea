"""One thing that the doctor found out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Status = Literal["ok", "note", "problem"]
"""A note is worth knowing; a problem keeps something from working."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one part of the machine.

    ``remedy`` says what to do, empty only when all is well; ``details`` holds the figures behind it all.
    """

    topic: str
    status: Status
    text: str
    remedy: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def has_problem(findings: Sequence[Finding]) -> bool:
    """Whether something does not work."""
    return any(finding.status == "problem" for finding in findings)


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    """What ``--json`` prints: the findings in order, and whether all is well."""
    return {"ok": not has_problem(findings), "findings": [asdict(finding) for finding in findings]}
