"""How long a model of synth control is trained, on how much, and how large it is."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Schedule:
    """Sizes of one training.

    ``epochs`` at most, each over the training presets and ``variations`` of them that are rendered for it.
    ``rate`` is Adam's learning rate. When it ``falls``, then to 0 over all epochs along half a cosine; the
    last of them are worth the most. Else it is halved when the validation has not improved for ``patience``
    epochs, and training ends early when it has not for four times as many. ``units``, ``channels``,
    ``steps`` and ``hidden`` are those of `tsumami.training.macros.synth_model.Shape`. ``threads`` are for
    torch on a CPU.
    """

    name: str
    epochs: int
    variations: int
    rate: float
    falls: bool
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
        Schedule("smoke", 4, 16, 2e-4, False, 2, 32, 32, 16, 2, 16, 1),
        Schedule("small", 30, 24_000, 1e-3, True, 5, 128, 512, 128, 8, 64, 1),
        Schedule("full", 500, 50_000, 2e-4, False, 20, 128, 2048, 128, 16, 128, 2),
    )
}
"""``full`` has the paper's epochs and sizes and its code's rate; ``small`` is for two CPU cores."""
