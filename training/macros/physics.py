"""What is known of the synthesizer, as inputs of the surrogate: quantities that its sound follows directly.

A network that sees only positions 0-1 must find out from renders that an LFO's depth means nothing
without its target, or that the filter's cutoff, envelope and velocity add up in octaves. With these
derived inputs it need not; they raise what the surrogate explains as much as two or three times the
patches would. All are smooth in the parameters, because the flow is trained through them.
"""

import math
from itertools import accumulate
from typing import Final

import torch
from torch import Tensor

from tsumami.plugins import CONTINUOUS, PARAMETERS
from tsumami.training.macros.layout import DISCRETE, MOVED, PINNED

_ROWS: Final = {parameter.name: row for row, parameter in enumerate(PARAMETERS)}
_STARTS: Final = tuple(accumulate(DISCRETE, initial=len(PINNED)))

_VELOCITY: Final = 0.8
_SIXTY_DB: Final = math.log(1000.0)
_MOMENTS_SECONDS: Final = (0.05, 0.2, 0.8, 2.0)
_AMP_MOMENTS_SECONDS: Final = (0.05, 0.2, 0.5, 1.0, 2.0, 3.0)
_RISES_SECONDS: Final = (0.05, 0.3, 1.0)
_SLOWEST_HZ, _FASTEST_HZ = 0.5, 12.0
"""What counts as movement; slower is a trend, faster is a timbre."""


class _Patches:
    """Parameters of a batch by their names, ``[n, 1]`` each, choices as one-hot ``[n, choices]``."""

    def __init__(self, moved: Tensor, condition: Tensor) -> None:
        self._moved, self._condition = moved, condition

    def position(self, name: str) -> Tensor:
        """0-1, or a little outside where a flow went too far."""
        row = _ROWS[name]
        source, rows = (self._moved, MOVED) if row in MOVED else (self._condition, PINNED)
        column = rows.index(row)
        return source[:, column : column + 1]

    def choice(self, name: str) -> Tensor:
        """One-hot of a discrete parameter."""
        index = _ROWS[name] - CONTINUOUS
        return self._condition[:, _STARTS[index] : _STARTS[index + 1]]

    def log(self, name: str) -> Tensor:
        """Natural logarithm of an exponential parameter's value in its unit."""
        parameter = PARAMETERS[_ROWS[name]]
        ratio = math.log(parameter.maximum / parameter.minimum)
        return math.log(parameter.minimum) + ratio * self.position(name)

    def linear(self, name: str) -> Tensor:
        """Value of a linear parameter in its unit."""
        parameter = PARAMETERS[_ROWS[name]]
        return parameter.minimum + (parameter.maximum - parameter.minimum) * self.position(name)

    def level(self, envelope: str, seconds: float) -> Tensor:
        """Level 0-1 of a decaying envelope at a moment of the hold."""
        sustain = self.position(f"{envelope}_sustain") ** 2
        constant = self.log(f"{envelope}_decay").exp() / _SIXTY_DB
        return sustain + (1.0 - sustain) * torch.exp(-seconds / constant)

    def rise(self, envelope: str, seconds: float) -> Tensor:
        """How far an attack has come by a moment, 0-1."""
        return 1.0 - torch.exp(-seconds / self.log(f"{envelope}_attack").exp())


def derive(moved: Tensor, condition: Tensor) -> Tensor:
    """All derived quantities of patches, ``[n, DERIVED]``, of size 1 or so."""
    patches = _Patches(moved, condition)
    parts = (_sources(patches), _filter(patches), _envelopes(patches), _movement(patches), _space(patches))
    return torch.cat([quantity for part in parts for quantity in part], dim=1)


def _sources(patches: _Patches) -> list[Tensor]:
    """Levels of the waves, modulation, noise and detuned voices."""
    mix = patches.position("osc_mix").clamp(0.0, 1.0)
    first = torch.sqrt(1.0 - mix + 1e-3) * patches.choice("osc1_wave")
    second = torch.sqrt(mix + 1e-3) * patches.choice("osc2_wave")
    bend = patches.position("fm_amount") ** 2
    noise = torch.log(patches.position("noise_level") ** 2 + 3e-3)
    pulse = patches.position("pulse_width")
    voices = patches.position("detune") ** 2 * patches.choice("unison")
    spread = torch.log(voices[:, 1:].sum(dim=1, keepdim=True) + 0.01)
    return [
        *(first, second, first[:, 1:2] * pulse, second[:, 1:2] * pulse),
        *(
            bend,
            torch.sqrt(bend + 1e-3),
            bend * patches.choice("osc1_wave"),
            bend * patches.choice("osc2_wave"),
        ),
        *(noise, noise.exp(), noise - patches.position("drive")),
        *(voices, spread),
    ]


def _filter(patches: _Patches) -> list[Tensor]:
    """Cutoff in octaves over 632 Hz, in three octaves a unit, as its envelope leaves it over the hold."""
    mode = patches.choice("filter_mode")
    base = (patches.log("cutoff") - math.log(632.0)) / math.log(2.0)
    base = base - (1.0 - _VELOCITY) * patches.linear("filter_velocity") / 12.0
    sweep = patches.linear("filter_env") / 12.0
    along = [base + sweep * patches.level("filter", seconds) for seconds in _MOMENTS_SECONDS]
    held = base + sweep * patches.position("filter_sustain") ** 2
    octaves = [base, base + sweep, held, *along]
    shaped = [held * mode, (base + sweep) * mode]
    return [*(each / 3.0 for each in (*octaves, *shaped)), patches.position("resonance") * mode]


def _envelopes(patches: _Patches) -> list[Tensor]:
    """Logarithmic level of the amplitude, and the attacks."""
    levels = [0.3 * torch.log(patches.level("amp", seconds) + 1e-3) for seconds in _AMP_MOMENTS_SECONDS]
    rises = [patches.rise(envelope, seconds) for envelope in ("amp", "filter") for seconds in _RISES_SECONDS]
    sustains = [patches.position(f"{envelope}_sustain") ** 2 for envelope in ("amp", "filter")]
    return [*levels, *rises, *sustains]


def _movement(patches: _Patches) -> list[Tensor]:
    """Depths of the LFOs at their targets, and how much of it has the pace of movement."""
    quantities, depths, paced = [], [], []
    for lfo in ("lfo1", "lfo2"):
        rate = patches.log(f"{lfo}_rate")
        pace = torch.sigmoid(3.0 * (rate - math.log(_SLOWEST_HZ))) * torch.sigmoid(
            3.0 * (math.log(_FASTEST_HZ) - rate)
        )
        depth = patches.position(f"{lfo}_depth").clamp(min=0.0) * patches.choice(f"{lfo}_target")
        wave = patches.choice(f"{lfo}_wave")
        quantities += [depth, depth * pace, depth * wave[:, 1:2], depth * wave[:, 2:3], pace]
        depths.append(depth**3)
        paced.append(depth * pace)
    return [*quantities, torch.log(paced[0] + paced[1] + 0.02), depths[0] + depths[1]]


def _space(patches: _Patches) -> list[Tensor]:
    """Width and what it acts on, and the effects on a logarithmic scale."""
    width, reverb = patches.position("width"), patches.position("reverb_mix")
    chorus = patches.position("chorus")
    levels = [torch.log(level.clamp(min=0.0) + 0.02) for level in (width, chorus, reverb)]
    return [
        *levels,
        *(width * chorus, width * reverb, width * patches.choice("unison")),
        reverb * patches.position("reverb_time"),
    ]


DERIVED: Final = derive(torch.full((1, len(MOVED)), 0.5), torch.zeros(1, len(PINNED) + sum(DISCRETE))).shape[
    1
]
"""How many derived quantities there are."""
