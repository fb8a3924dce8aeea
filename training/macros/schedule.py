"""How long a model of synth control is trained, on how much, and how large it is."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Schedule:
    """Sizes of one training.

    ``epochs`` at most, each over the training presets and ``variations`` of them that are rendered for it.
    The learning rate is halved when the validation has not improved for ``patience`` epochs, and training
    ends when it has not for four times as many. ``units``, ``channels``, ``steps`` and ``hidden`` are those
    of `tsumami.training.macros.synth_model.Shape`. ``threads`` are for torch on a CPU.
    """

    name: str
    epochs: int
    variations: int
    patience: int
    batch: int
    units: int
    channels: int
    steps: int
    hidden: int
    threads: int


SCHEDULES: Final = {
    schedule.name: schedule
    for schedule in (
        Schedule("smoke", 4, 16, 2, 32, 32, 16, 2, 16, 1),
        Schedule("small", 60, 10_000, 4, 128, 512, 128, 8, 64, 1),
        Schedule("full", 500, 50_000, 20, 128, 2048, 128, 16, 128, 2),
    )
}
"""``full`` has the paper's epochs, patience and sizes; ``small`` is for two CPU cores."""

LEARNING_RATE: Final = 2e-4
"""Of Adam, as in the paper's public code."""
