"""Control events: the fixed-size records that travel through the rings to the audio thread."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

NOW = -1
"""`time` of an event that applies at the start of the next block."""


class Kind(IntEnum):
    """What an event does. `index` and `value` mean what the member's comment says."""

    NOTE_ON = 0  # index: MIDI note 0-127; value: velocity 0-1 (never 0)
    NOTE_OFF = 1  # index: MIDI note 0-127; value: release velocity 0-1
    PARAMETER = 2  # index: row of the instrument's parameter table; value: 0-1
    PITCH_BEND = 3  # value: -1 to 1 (the instrument's bend range)
    SUSTAIN = 4  # value: 0-1, on from 0.5
    ALL_NOTES_OFF = 5  # notes go to release (sustain pedal is lifted too)
    ALL_SOUND_OFF = 6  # silence within a few milliseconds
    PRESSURE = 7  # index: note, or -1 for the channel; value: 0-1
    MACRO = 8  # index: macro; value: 0-1, position of the knob
    PATCH = 9  # index: patch in the bank of the session
    GAIN = 10  # value: linear output gain 0-4
    EFFECT = 11  # index: an effect and a row of its parameter table, see `effect_index`; value: 0-1
    BYPASS = 12  # index: effect, from 0; value: 0-1, bypassed from 0.5
    CONTROL = 13  # index: MIDI controller 0-119; value: 0-1; for instruments that know controllers
    LOST = 14  # value: frames of the input missing from here; told by the strip to the input's stages alone
    COMMAND = 15  # index: what to do, in the words of who asks; value: 0-1, done from 0.5; not for the engine
    MORPH = 16  # index: between what, in the words of who asks; value: 0-1, from the first to the second
    TEMPO = 17  # value: beats a minute; not for the engine
    NOTE_BEND = 18  # index: MIDI note 0-127; value: semitones; before its note on, it begins there
    NOTE_SLIDE = 19  # index: MIDI note 0-127; value: -1 to 1, dark to bright; likewise
    LOOP = 20  # index: a `LoopControl` of the loop player; value: as that says
    LATENT = 21  # index: dimension of the macro model's latent, from 0; value: 0-1, position of the knob
    REPAIR = 22  # index: a `RepairControl` of the input's repair; value: as that says
    GROOVE = 23  # index: what of the live groove, in the words of who asks; not for the engine
    PANIC = 24  # the output is silent at once, until a note begins or a second is over


KNOBS = (Kind.MACRO, Kind.LATENT)
"""What turns the latent of a macro model."""

THROUGH_MACROS = (*KNOBS, Kind.PARAMETER)
"""What the inference thread takes, which moves the parameters then; whole patches go to it as well."""

EVENT_DTYPE = np.dtype(
    [
        ("time", np.int64),  # sample of the engine's clock at which it applies, or NOW
        ("stamp_ns", np.int64),  # clock.now_ns() when it arrived from outside, 0 if it did not
        ("value", np.float64),
        ("index", np.int32),
        ("kind", np.int16),
        ("channel", np.int16),  # MIDI channel 0-15
    ],
    align=True,
)
"""One event, 32 bytes. In a stage's event list `time` is relative to the block: 0 <= time < frames."""

EFFECT_ROWS = 1 << 16
"""Parameters that an effect can have, as far as events go."""

Events = npt.NDArray[np.void]
"""A one-dimensional array of `EVENT_DTYPE`."""

NO_EVENTS: Events = np.zeros(0, EVENT_DTYPE)


def effect_index(effect: int, row: int) -> int:
    """Index of an EFFECT event: parameter ``row`` of the effect number ``effect``."""
    return effect * EFFECT_ROWS + row


def event(
    kind: Kind, index: int = 0, value: float = 0.0, *, time: int = NOW, channel: int = 0, stamp_ns: int = 0
) -> Events:
    """One event as an array of length 1."""
    return np.array([(time, stamp_ns, value, index, int(kind), channel)], EVENT_DTYPE)
