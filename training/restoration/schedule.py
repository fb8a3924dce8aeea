"""How long a model of restoration is trained, on how much, and how large it is."""

from dataclasses import dataclass
from typing import Final

from tsumami.training.restoration.predictor import Shape


@dataclass(frozen=True, slots=True)
class Schedule:
    """Sizes of one training.

    An epoch draws ``windows`` of 36 frames at random places of the training's tunes, in batches of ``batch``.
    ``rate`` is Adam's learning rate at first; it falls to 0 over all epochs along half a cosine. ``threads``
    are for torch on a CPU. ``gate_epochs`` are for a gate, which begins with what its parents have learned.
    """

    name: str
    epochs: int
    gate_epochs: int
    windows: int
    rate: float
    batch: int
    shape: Shape
    threads: int


SCHEDULES: Final = {
    schedule.name: schedule
    for schedule in (
        Schedule("smoke", 2, 1, 32, 2e-3, 16, Shape(16, 8, 4), 1),
        Schedule("small", 40, 10, 960, 2e-3, 16, Shape(256, 32, 16), 1),
        Schedule("full", 300, 60, 7680, 1e-3, 32, Shape(512, 128, 32), 2),
    )
}
"""``small`` takes a core 10 minutes for all models of a tune; the paper tells neither epochs nor sizes."""
