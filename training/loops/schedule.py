"""How much a training of loops may spend."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Schedule:
    """``each`` loops of either kind are learned from, ``kept`` more are for the validation.

    An epoch is ``steps`` steps of ``batch`` loops, half as many where there is a critic too. ``paper_epochs``
    are of the paper's four loops, all in one step. ``threads`` are for torch on a CPU.
    """

    name: str
    each: int
    kept: int
    epochs: int
    steps: int
    batch: int
    paper_epochs: int
    threads: int


SCHEDULES: Final = {
    schedule.name: schedule
    for schedule in (
        Schedule("smoke", 12, 4, 1, 3, 8, 20, 1),
        Schedule("small", 400, 60, 120, 100, 32, 12_000, 1),
        Schedule("full", 1000, 100, 400, 100, 64, 50_000, 2),
    )
}
"""``small`` takes a core four minutes for a generator; ``full`` has the paper's 50,000 epochs."""
