"""All the memory of the synthesizer, as one record of fixed size that kernels reach by its address.

Times are counted in control periods: modulation, envelopes and coefficients are worked out once every
`PERIOD` samples of the synthesizer's own sample count, and what they yield is interpolated in between.
Nothing depends on how the time line is cut into blocks, so any block size gives the same samples.
"""

from typing import Any, Final

import numpy as np

from tsumami.plugins.builtin.parameters import PARAMETERS, UNISON_COPIES

PERIOD: Final = 16
"""Samples from one control tick to the next."""

POLYPHONY: Final = 16
"""Most voices that sound at once; as many again may be fading after they were stolen."""

COPIES: Final = max(UNISON_COPIES)
NOTES: Final = 128
HIGHEST_SAMPLE_RATE: Final = 192_000
CHORUS_FRAMES: Final = 4096  # a power of two, above 20 ms at the highest sample rate
REVERB_LINES: Final = 8
REVERB_FRAMES: Final = 14_336  # above 70 ms at the highest sample rate
DIFFUSERS: Final = 4
DIFFUSER_FRAMES: Final = 2_048  # above 10 ms at the highest sample rate

FREE, SOUNDING, FADING = 0, 1, 2
"""What a voice slot does: nothing, a note, or the last milliseconds of a stolen note."""

# What is interpolated from tick to tick: rows of `base` and `step`. The value at sample j of a period is
# base + step * j, which does not depend on where the period was cut.
LEVEL1, LEVEL2, NOISE, FM, PULSE_WIDTH, WIDTH, DRIVE, POLE_GAIN, FEEDBACK, AMPLITUDE = range(10)
VOICE_RAMPS: Final = 10
(
    DELAY1_LEFT,
    DELAY1_RIGHT,
    DELAY2_LEFT,
    DELAY2_RIGHT,
    CHORUS_MIX,
    REVERB_MIX,
    SEND,
    REVERB_SEND,
    WET,
    WET_WIDTH,
) = range(10)
EFFECT_RAMPS: Final = 10

_F8, _F4, _I8, _U8 = np.float64, np.float32, np.int64, np.uint64

ENVELOPE_DTYPE: Final = np.dtype([("level", _F8), ("stage", _I8)], align=True)

LFO_DTYPE: Final = np.dtype([("phase", _F8), ("last", _F8), ("next", _F8), ("value", _F8)], align=True)

VOICE_DTYPE: Final = np.dtype(
    [
        ("status", _I8),
        ("note", _I8),
        ("order", _I8),  # count of notes when it started
        ("released_order", _I8),  # count of notes when it was released, 0 before
        ("is_held", _I8),
        ("is_sustained", _I8),
        ("wave1", _I8),  # the discrete parameters, as they stood when the note started
        ("wave2", _I8),
        ("filter_mode", _I8),
        ("lfo1_wave", _I8),
        ("lfo1_target", _I8),
        ("lfo2_target", _I8),
        ("copies", _I8),
        ("random", _U8),
        ("velocity", _F8),
        ("velocity_target", _F8),
        ("pitch", _F8),  # MIDI note number, gliding
        ("pitch_target", _F8),
        ("pressure", _F8),
        ("pressure_target", _F8),
        ("note_bend", _F8),  # semitones
        ("note_bend_target", _F8),
        ("slide", _F8),  # -1 to 1
        ("slide_target", _F8),
        ("fade", _F8),  # 1, falling to 0 when the voice was stolen
        ("amp", ENVELOPE_DTYPE),
        ("filter", ENVELOPE_DTYPE),
        ("lfo1", LFO_DTYPE),
        ("phase1", _F8, (COPIES,)),  # cycles, 0-1
        ("phase2", _F8, (COPIES,)),
        ("bend1", _F8, (COPIES,)),  # last phase modulation of oscillator 1
        ("increment1", _F8, (COPIES,)),  # cycles per sample
        ("increment2", _F8, (COPIES,)),
        ("drift", _F8, (COPIES,)),
        ("left", _F8, (4,)),  # memory of the four poles
        ("right", _F8, (4,)),
        ("base", _F8, (VOICE_RAMPS,)),
        ("step", _F8, (VOICE_RAMPS,)),
    ],
    align=True,
)

EFFECTS_DTYPE: Final = np.dtype(
    [
        ("base", _F8, (EFFECT_RAMPS,)),
        ("step", _F8, (EFFECT_RAMPS,)),
        ("chorus_on", _I8),
        ("chorus_index", _I8),
        ("chorus_phase", _F8, (2,)),
        ("chorus_line", _F4, (2, CHORUS_FRAMES)),
        ("reverb_on", _I8),
        ("reverb_opening", _I8),  # ticks since the reverb was switched on
        ("diffuser_length", _I8, (DIFFUSERS,)),
        ("diffuser_index", _I8, (DIFFUSERS,)),
        ("diffuser_line", _F4, (DIFFUSERS, DIFFUSER_FRAMES)),
        ("line_length", _I8, (REVERB_LINES,)),
        ("line_index", _I8, (REVERB_LINES,)),
        ("line_gain", _F4, (REVERB_LINES,)),
        ("line_damped", _F4, (REVERB_LINES,)),
        ("line", _F4, (REVERB_LINES, REVERB_FRAMES)),
        ("damping", _F4),  # one-pole coefficient inside the reverb
        ("block_left", _F8),  # memory of the filter that keeps DC from the output
        ("block_right", _F8),
        ("block_pole", _F8),
        ("mute_left", _I8),  # ticks until the tails are cleared, 0 when nothing is muted
        ("quiet_ticks", _I8),
        ("longest_tail_ticks", _I8),  # quiet for so long, the delay lines are empty
        ("peak", _F8),  # of the output since the last tick
        ("is_broken", _I8),  # a sample was not finite: everything is cleared at the next tick
    ],
    align=True,
)

SCRATCH_DTYPE: Final = np.dtype(
    [(name, _F8, (PERIOD,)) for name in ("mid", "side", "wave", "modulation", "left", "right", "wet_left")]
    + [("wet_right", _F8, (PERIOD,)), ("lines", _F4, (PERIOD, REVERB_LINES))],
    align=True,
)

VALUE_DTYPE: Final = np.dtype([(parameter.name, _F8) for parameter in PARAMETERS])
"""Parameters by name, in their units (discrete ones: the number of the choice)."""

_FIELDS: Final = np.dtype(
    [
        ("sample_rate", _F8),
        ("phase", _I8),  # samples since the last tick
        ("value", VALUE_DTYPE),  # what sounds now
        ("position", _F8, (len(PARAMETERS),)),  # what sounds now, 0-1
        ("target", _F8, (len(PARAMETERS),)),  # where `position` goes
        ("is_moving", _I8),
        ("smoothing", _F8),  # share of the way that a value goes in one tick
        ("osc2_ratio", _F8),  # what follows from the values
        ("volume", _F8),
        ("drive", _F8),
        ("drift_pull", _F8),
        ("drift_push", _F8),
        ("lfo2", LFO_DTYPE),
        ("bend", _F8),  # semitones
        ("bend_target", _F8),
        ("pressure", _F8),
        ("note_bend", _F8, (NOTES,)),  # semitones; a note that starts begins there
        ("slide", _F8, (NOTES,)),
        ("sustain", _I8),
        ("note_count", _I8),
        ("held_order", _I8, (NOTES,)),  # count of notes when a key went down, 0 when it is up
        ("last_pitch", _F8),  # MIDI note number, -1 before the first note
        ("random", _U8),
        ("fade_step", _F8),
        ("polyphony", _I8),
        ("slots", _I8),  # all voices beyond so many are free
        ("voices", VOICE_DTYPE, (2 * POLYPHONY,)),
        ("effects", EFFECTS_DTYPE),
        ("scratch", SCRATCH_DTYPE),
    ],
    align=True,
)


def _with_view(fields: np.dtype[np.void], name: str, of: str, kind: Any) -> np.dtype[np.void]:
    """A record type with one more field, ``name``, that lies over the field ``of``."""
    places = {field: place[:2] for field, place in (fields.fields or {}).items()}
    places[name] = (np.dtype(kind), places[of][1])
    return np.dtype(
        {
            "names": list(places),
            "formats": [kind for kind, _ in places.values()],
            "offsets": [offset for _, offset in places.values()],
            "itemsize": fields.itemsize,
            "aligned": True,
        }
    )


STATE_DTYPE: Final = _with_view(_FIELDS, "values", of="value", kind=(_F8, (len(PARAMETERS),)))
"""The whole state; `values` are the numbers of `value` once more, to be reached by their row."""
