"""Random patches with a musical mind: archetypes with ranges, then rules that keep them audible.

Each category of the bank has a recipe: the ranges, in the parameters' units, within which its sounds
live. What a recipe does not say comes from `COMMON`. Ranges are drawn evenly along the parameter's curve.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.engine.parameter import Parameter
from tsumami.plugins.builtin.parameters import CONTINUOUS, INDEX, PARAMETERS

Values = npt.NDArray[np.float32]
Recipe = Mapping[str, tuple[float, float] | tuple[str, ...]]
"""Parameter name → (least, most) in its unit, or the choices to draw from (repeat one to favour it)."""

COMMON: Final[Recipe] = {
    "osc_mix": (0.0, 1.0),
    "pulse_width": (0.5, 0.93),
    "osc2_detune": (-20.0, 20.0),
    "fm_amount": (0.0, 0.5),
    "noise_level": (0.0, 0.25),
    "cutoff": (250.0, 9000.0),
    "resonance": (0.0, 0.8),
    "drive": (0.0, 24.0),
    "key_track": (0.0, 1.0),
    "filter_env": (-12.0, 60.0),
    "filter_velocity": (0.0, 30.0),
    "amp_attack": (0.001, 0.08),
    "amp_decay": (0.3, 6.0),
    "amp_sustain": (0.2, 1.0),
    "amp_release": (0.1, 1.5),
    "filter_attack": (0.0005, 0.3),
    "filter_decay": (0.08, 4.0),
    "filter_sustain": (0.0, 0.9),
    "filter_release": (0.1, 2.0),
    "lfo1_rate": (0.1, 12.0),
    "lfo1_depth": (0.0, 0.6),
    "lfo2_rate": (0.05, 8.0),
    "lfo2_depth": (0.0, 0.6),
    "detune": (0.0, 40.0),
    "glide": (0.0, 0.1),
    "amp_velocity": (0.2, 0.9),
    "width": (0.0, 1.0),
    "chorus": (0.0, 0.8),
    "reverb_mix": (0.0, 0.5),
    "reverb_time": (0.4, 6.0),
    "volume": (-13.0, -7.0),
    "osc1_wave": ("saw", "saw", "pulse", "pulse", "triangle", "sine"),
    "osc2_wave": ("saw", "pulse", "triangle", "sine", "sine"),
    "filter_mode": (
        "lowpass 24",
        "lowpass 24",
        "lowpass 24",
        "lowpass 12",
        "lowpass 12",
        "bandpass",
        "highpass",
    ),
    "lfo1_wave": ("sine", "sine", "ramp", "random"),
    "lfo1_target": ("pitch", "cutoff", "amplitude", "shape"),
    "lfo2_wave": ("sine", "sine", "ramp", "random"),
    "lfo2_target": ("pitch", "cutoff", "cutoff", "amplitude", "shape", "shape"),
    "unison": ("1", "1", "2", "4"),
    "voice_mode": ("poly",),
}

RECIPES: Final[Mapping[str, Recipe]] = {
    "bass": {
        "noise_level": (0.0, 0.1),
        "cutoff": (90.0, 2500.0),
        "filter_mode": ("lowpass 24", "lowpass 24", "lowpass 12"),
        "amp_attack": (0.001, 0.01),
        "width": (0.0, 0.4),
        "reverb_mix": (0.0, 0.15),
        "chorus": (0.0, 0.4),
        "voice_mode": ("mono", "legato"),
    },
    "lead": {
        "cutoff": (600.0, 12_000.0),
        "amp_sustain": (0.5, 1.0),
        "drive": (0.0, 30.0),
        "unison": ("1", "2", "4"),
        "voice_mode": ("mono", "legato", "poly"),
    },
    "pad": {
        "amp_attack": (0.1, 2.0),
        "amp_sustain": (0.5, 1.0),
        "amp_release": (0.6, 6.0),
        "filter_attack": (0.1, 3.0),
        "filter_decay": (1.0, 10.0),
        "filter_env": (-24.0, 40.0),
        "drive": (0.0, 12.0),
        "resonance": (0.0, 0.6),
        "lfo1_rate": (0.05, 6.0),
        "lfo2_rate": (0.05, 3.0),
        "width": (0.4, 1.0),
        "reverb_mix": (0.15, 0.7),
        "reverb_time": (1.5, 10.0),
        "unison": ("1", "2", "4", "4"),
        "volume": (-18.0, -12.0),
    },
    "keys": {
        "amp_attack": (0.0007, 0.006),
        "amp_decay": (1.0, 8.0),
        "amp_sustain": (0.0, 0.5),
        "noise_level": (0.0, 0.06),
        "drive": (0.0, 12.0),
        "key_track": (0.4, 1.0),
        "lfo1_depth": (0.0, 0.35),
        "lfo2_depth": (0.0, 0.3),
    },
    "pluck": {
        "amp_attack": (0.0005, 0.003),
        "amp_decay": (0.3, 2.5),
        "amp_sustain": (0.0, 0.05),
        "amp_release": (0.15, 2.0),
        "filter_attack": (0.0005, 0.003),
        "filter_decay": (0.08, 1.2),
        "filter_sustain": (0.0, 0.2),
        "filter_env": (20.0, 66.0),
        "cutoff": (150.0, 3000.0),
        "lfo1_depth": (0.0, 0.3),
        "lfo2_depth": (0.0, 0.3),
    },
    "percussion": {
        "noise_level": (0.0, 0.9),
        "fm_amount": (0.0, 1.0),
        "resonance": (0.0, 1.0),
        "amp_attack": (0.0005, 0.002),
        "amp_decay": (0.06, 0.9),
        "amp_sustain": (0.0, 0.0),
        "amp_release": (0.06, 0.6),
        "filter_attack": (0.0005, 0.002),
        "filter_decay": (0.03, 0.5),
        "filter_sustain": (0.0, 0.1),
        "filter_env": (0.0, 72.0),
        "lfo1_wave": ("ramp", "random"),
        "lfo1_rate": (0.3, 4.0),
        "lfo2_depth": (0.0, 0.2),
        "osc1_wave": ("sine", "triangle", "pulse"),
        "osc2_wave": ("sine", "triangle", "pulse"),
    },
    "texture": {
        "noise_level": (0.0, 1.0),
        "fm_amount": (0.0, 0.8),
        "resonance": (0.1, 0.95),
        "amp_attack": (0.02, 3.0),
        "amp_sustain": (0.4, 1.0),
        "amp_release": (0.5, 8.0),
        "lfo1_depth": (0.1, 1.0),
        "lfo2_depth": (0.1, 1.0),
        "width": (0.3, 1.0),
        "reverb_mix": (0.1, 0.9),
        "reverb_time": (1.0, 14.0),
        "volume": (-17.0, -11.0),
    },
}
"""Categories of patches: what sets each apart from `COMMON`."""

INTERVALS: Final = (-24.0, -12.0, -12.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0, 7.0, 7.0, 12.0, 12.0, 19.0, 24.0)
"""Pitches of oscillator 2 against oscillator 1, in semitones; frequent ones are repeated."""

_OFTEN_ZERO: Final = {
    "fm_amount": 0.6,
    "noise_level": 0.5,
    "lfo1_depth": 0.35,
    "lfo2_depth": 0.35,
    "chorus": 0.4,
}
"""How often these are left out altogether: clean and static sounds must exist too."""

_LEAST_OPEN_HZ: Final = 180.0
_VARIATION: Final = 0.12  # standard deviation of a position at amount 1
_DISCRETE_SHARE: Final = 0.15  # of the discrete parameters that change at amount 1


def _draw(
    parameter: Parameter, rule: tuple[float, float] | tuple[str, ...], rng: np.random.Generator
) -> float:
    """A position within a recipe's rule."""
    if parameter.choices:
        return parameter.from_unit(parameter.choices.index(str(rule[int(rng.integers(len(rule)))])))
    low, high = (parameter.from_unit(float(limit)) for limit in rule)
    return float(rng.uniform(low, high))


def _get(values: Values, name: str) -> float:
    row = INDEX[name]
    return PARAMETERS[row].to_unit(float(values[row]))


def _set(values: Values, name: str, value: float) -> None:
    row = INDEX[name]
    values[row] = PARAMETERS[row].from_unit(value)


def _make_audible(values: Values) -> None:
    """Rules between parameters: the filter must let through what the envelopes let sound."""
    sweep = _get(values, "filter_env")
    mode = PARAMETERS[INDEX["filter_mode"]].describe(float(values[INDEX["filter_mode"]]))
    if mode == "highpass":
        _set(values, "cutoff", min(_get(values, "cutoff"), 1200.0))
        _set(values, "filter_env", min(sweep, 24.0))
    else:
        closed = min(sweep, 0.0) - _get(values, "filter_velocity")
        _set(values, "cutoff", max(_get(values, "cutoff"), _LEAST_OPEN_HZ * 2.0 ** (-closed / 24.0)))
    if mode == "bandpass":
        _set(values, "cutoff", min(_get(values, "cutoff"), 3000.0))
        _set(values, "volume", _get(values, "volume") + 4.0)
    if _get(values, "amp_sustain") < 0.05:
        _set(values, "amp_attack", min(_get(values, "amp_attack"), 0.3 * _get(values, "amp_decay")))


def random_patch(rng: np.random.Generator, category: str | None = None) -> Values:
    """Positions 0-1 of a new patch, float32 ``[len(PARAMETERS)]``, made along a category's recipe.

    The category is drawn too unless it is given; `ParameterError` when there is no such recipe.
    """
    if category is None:
        category = str(rng.choice(list(RECIPES)))
    if category not in RECIPES:
        raise ParameterError(f"category must be one of {', '.join(RECIPES)}, got {category!r}")
    rules = {**COMMON, **RECIPES[category]}
    values = np.empty(len(PARAMETERS), np.float32)
    for row, parameter in enumerate(PARAMETERS):
        if parameter.name == "osc2_pitch":
            values[row] = parameter.from_unit(float(rng.choice(INTERVALS)))
        else:
            values[row] = _draw(parameter, rules[parameter.name], rng)
    for name, share in _OFTEN_ZERO.items():
        if rng.random() < share:
            _set(values, name, 0.0)
    _make_audible(values)
    return values


def vary_patch(values: npt.ArrayLike, rng: np.random.Generator, amount: float = 0.3) -> Values:
    """A variation of a patch: near it for a small ``amount`` (0-1), a distant relative for 1.

    Positions move by a normal step, now and then a discrete choice changes; the volume stays.
    """
    if not 0.0 <= amount <= 1.0:
        raise ParameterError(f"amount must be within 0-1, got {amount}; 0.3 is a good start")
    varied = np.array(values, np.float32)
    kept = {INDEX["volume"], INDEX["osc2_pitch"], INDEX["voice_mode"]}
    for row, parameter in enumerate(PARAMETERS):
        step, chance = rng.normal(0.0, _VARIATION * amount), rng.random()
        if row in kept:
            continue
        if row < CONTINUOUS:
            varied[row] = min(max(varied[row] + step, 0.0), 1.0)
        elif chance < _DISCRETE_SHARE * amount:
            varied[row] = parameter.from_unit(int(rng.integers(len(parameter.choices))))
    if rng.random() < _DISCRETE_SHARE * amount:
        _set(varied, "osc2_pitch", float(rng.choice(INTERVALS)))
    _make_audible(varied)
    return varied
