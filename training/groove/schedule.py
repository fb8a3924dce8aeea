"""How long a model of the groove paper is trained."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Schedule:
    """``rate`` is Adam's learning rate at first; it falls to 0 over all epochs along half a cosine.

    A step is made of ``batch`` beats. ``threads`` are for torch on a CPU.
    """

    name: str
    epochs: int
    rate: float
    batch: int
    threads: int


SCHEDULES: Final = {
    schedule.name: schedule
    for schedule in (
        Schedule("smoke", 1, 1e-2, 1, 1),
        Schedule("small", 40, 1e-2, 1, 1),
        Schedule("full", 200, 1e-2, 1, 2),
    )
}
"""``small`` takes a core two minutes for a model. The paper has 10 epochs; its batches are not told."""
