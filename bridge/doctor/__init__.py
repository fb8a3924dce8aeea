"""`tsumami doctor`: what this machine has, what it lacks, and what to do about it."""

from tsumami.bridge.doctor.examination import examine
from tsumami.bridge.doctor.finding import Finding, Status, document, has_problem
from tsumami.bridge.doctor.table import print_findings

__all__ = ["Finding", "Status", "document", "examine", "has_problem", "print_findings"]
