"""The parameter table of the built-in synthesizer: 32 continuous rows, then the discrete ones.

The order is a contract (models and sessions count on it): rows are only ever appended.
Seen from outside every value is a position in 0-1; see `tsumami.engine.parameter.Parameter`.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.parameter import Curve, Parameter

CONTINUOUS: Final = 32
"""How many rows, from the first, are continuous."""

OSCILLATOR_WAVES: Final = ("saw", "pulse", "triangle", "sine")
LFO_WAVES: Final = ("sine", "ramp", "random")
LFO_TARGETS: Final = ("pitch", "cutoff", "amplitude", "shape")
UNISON_COPIES: Final = (1, 2, 4)


def _discrete(name: str, choices: tuple[str, ...], default: str) -> Parameter:
    return Parameter(name, 0, len(choices) - 1, "", choices.index(default), "discrete", choices)


def _times(
    envelope: str, attack: float, decay: float, sustain: float, release: float
) -> tuple[Parameter, ...]:
    """The four rows of one envelope; decay and release are the time to fall by 60 dB."""
    exponential: Curve = "exponential"
    return (
        Parameter(f"{envelope}_attack", 0.0005, 8.0, "s", attack, exponential),
        Parameter(f"{envelope}_decay", 0.005, 20.0, "s", decay, exponential),
        Parameter(f"{envelope}_sustain", 0.0, 1.0, "", sustain, "square"),
        Parameter(f"{envelope}_release", 0.005, 20.0, "s", release, exponential),
    )


PARAMETERS: Final[tuple[Parameter, ...]] = (
    Parameter("osc_mix", 0.0, 1.0, "", 0.5),  # 0: oscillator 1 alone, 1: oscillator 2 alone
    Parameter("pulse_width", 0.5, 0.97, "", 0.5),  # of both pulse waves; 0.5 is a square
    Parameter("osc2_pitch", -24.0, 24.0, "st", 0.0),  # rests on whole semitones, glides between them
    Parameter("osc2_detune", -50.0, 50.0, "cent", 5.0),
    Parameter("fm_amount", 0.0, 1.0, "cycle", 0.0, "square"),  # oscillator 2 moves oscillator 1's phase
    Parameter("noise_level", 0.0, 1.0, "", 0.0, "square"),
    Parameter("cutoff", 20.0, 18000.0, "Hz", 2400.0, "exponential"),
    Parameter("resonance", 0.0, 1.0, "", 0.15),  # oscillates by itself near 1
    Parameter("drive", 0.0, 36.0, "dB", 3.0),
    Parameter("key_track", 0.0, 1.0, "", 0.4),  # 1: the cutoff follows the key, around note 60
    Parameter("filter_env", -72.0, 72.0, "st", 24.0),
    Parameter("filter_velocity", 0.0, 48.0, "st", 8.0),  # cutoff below full velocity falls by so much
    *_times("amp", attack=0.004, decay=1.2, sustain=0.7, release=0.35),
    *_times("filter", attack=0.002, decay=1.5, sustain=0.25, release=0.5),
    Parameter("lfo1_rate", 0.05, 30.0, "Hz", 5.0, "exponential"),  # starts anew with every voice
    Parameter("lfo1_depth", 0.0, 1.0, "", 0.0),
    Parameter("lfo2_rate", 0.05, 30.0, "Hz", 0.4, "exponential"),  # runs freely, shared by all voices
    Parameter("lfo2_depth", 0.0, 1.0, "", 0.0),
    Parameter("detune", 0.0, 60.0, "cent", 0.0, "square"),  # of the unison copies, and their drift
    Parameter("glide", 0.0, 2.0, "s", 0.0, "cubic"),
    Parameter("amp_velocity", 0.0, 1.0, "", 0.6),
    Parameter("width", 0.0, 1.0, "", 0.4),  # of oscillators, noise, chorus and reverb
    Parameter("chorus", 0.0, 1.0, "", 0.0),
    Parameter("reverb_mix", 0.0, 1.0, "", 0.1),
    Parameter("reverb_time", 0.3, 15.0, "s", 1.6, "exponential"),  # to fall by 60 dB
    Parameter("volume", -36.0, 6.0, "dB", -9.0),
    _discrete("osc1_wave", OSCILLATOR_WAVES, "saw"),
    _discrete("osc2_wave", OSCILLATOR_WAVES, "saw"),
    _discrete("filter_mode", ("lowpass 24", "lowpass 12", "bandpass", "highpass"), "lowpass 24"),
    _discrete("lfo1_wave", LFO_WAVES, "sine"),
    _discrete("lfo1_target", LFO_TARGETS, "pitch"),
    _discrete("lfo2_wave", LFO_WAVES, "sine"),
    _discrete("lfo2_target", LFO_TARGETS, "cutoff"),
    _discrete("unison", tuple(str(copies) for copies in UNISON_COPIES), "1"),
    _discrete("voice_mode", ("poly", "mono", "legato"), "poly"),
)
"""Every parameter. Discrete ones take effect with the next note, so that a switch never clicks."""

INDEX: Final[dict[str, int]] = {parameter.name: row for row, parameter in enumerate(PARAMETERS)}
"""Row of each parameter by its name."""


def default_values() -> npt.NDArray[np.float32]:
    """Positions 0-1 of the default patch, float32 ``[len(PARAMETERS)]``."""
    return np.array([parameter.from_unit(parameter.default) for parameter in PARAMETERS], np.float32)
