"""Patches as audio: one note of a patch, rendered alone and always the same."""

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.engine.events import Kind, event
from tsumami.engine.stage import run_stage
from tsumami.plugins.builtin.state import NOTES
from tsumami.plugins.builtin.synth import BuiltinSynth


def _check_note(note: int, velocity: float, hold_seconds: float, length_seconds: float) -> None:
    if not 0 <= note < NOTES:
        raise ParameterError(f"note must be in 0-{NOTES - 1}, got {note}; 60 is the middle C")
    if not 0.0 < velocity <= 1.0:
        raise ParameterError(f"velocity must be above 0 and at most 1, got {velocity}; 0.8 is a firm touch")
    if not 0.0 < hold_seconds <= length_seconds:
        raise ParameterError(
            f"hold_seconds must be above 0 and at most length_seconds, got {hold_seconds} of {length_seconds}"
        )


def render_patch(
    values: npt.ArrayLike,
    *,
    note: int = 60,
    velocity: float = 0.8,
    hold_seconds: float = 3.5,
    length_seconds: float = 4.0,
    sample_rate: float = 22_050,
) -> npt.NDArray[np.float32]:
    """One note of a patch, float32 ``[2, frames]``; the same values always give the same samples.

    ``values`` are positions 0-1 of the whole parameter table. The key is held for ``hold_seconds``
    of ``length_seconds``. Raises `ParameterError` when an argument is out of range.
    """
    _check_note(note, velocity, hold_seconds, length_seconds)
    frames = round(length_seconds * sample_rate)
    synth = BuiltinSynth(polyphony=1)
    synth.prepare(sample_rate, frames)
    synth.set_parameters(values)
    key_up = min(round(hold_seconds * sample_rate), frames - 1)
    events = np.concatenate(
        [event(Kind.NOTE_ON, note, velocity, time=0), event(Kind.NOTE_OFF, note, 0.0, time=key_up)]
    )
    return run_stage(synth, frames, events)
