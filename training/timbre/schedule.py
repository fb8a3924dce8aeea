"""How long the models of timbre are trained, and of how much."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class PaperSchedule:
    """Of the paper's models: ``units`` a direction, ``seconds`` of every note, ``batch`` notes a step."""

    name: str
    units: int
    seconds: float
    epochs: int
    steps: int
    rate: float
    batch: int
    threads: int


@dataclass(frozen=True, slots=True)
class EncoderSchedule:
    """Of the encoder; a step has ``timbres`` timbres with ``notes`` notes of each.

    ``presets`` are the plugin's most, ``patches`` the built-in synthesizer's, ``notes_each`` are played of
    each; ``held`` presets are for the test.
    """

    name: str
    presets: int
    patches: int
    notes_each: int
    held: int
    epochs: int
    steps: int
    rate: float
    timbres: int
    notes: int
    threads: int


PAPER: Final = {
    schedule.name: schedule
    for schedule in (
        PaperSchedule("smoke", 8, 0.3, 1, 2, 1e-3, 16, 1),
        PaperSchedule("small", 128, 0.25, 32, 83, 1e-3, 16, 1),
        PaperSchedule("full", 300, 2.0, 60, 83, 1e-3, 16, 2),
    )
}
"""``small`` takes a core five minutes a model, ``full`` is the paper's model."""

ENCODER: Final = {
    schedule.name: schedule
    for schedule in (
        EncoderSchedule("smoke", 24, 8, 2, 8, 1, 2, 2e-3, 8, 2, 1),
        EncoderSchedule("small", 4000, 300, 4, 600, 12, 60, 2e-3, 40, 3, 1),
        EncoderSchedule("full", 4000, 2000, 8, 600, 80, 120, 2e-3, 64, 4, 2),
    )
}
"""``small`` takes a core ten minutes, as much again for the other loss, and eight to play the presets."""
