"""The live processor of macros: knobs move the latent of a flow, and the latent all parameters.

Synth control by normalizing flows (Masuda, Esling and Iba, section 3): the flow is invertible, so a
preset has a latent of its own, and the knobs move from there.
"""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tsumami.engine.contract import Latent
from tsumami.engine.errors import ModelError
from tsumami.engine.macros.knob import Knob
from tsumami.engine.parameter import Parameter

Values = npt.NDArray[np.float32]

MACROS = 8
"""The first so many dimensions of a model's latent are named knobs."""

_SMOOTHING_SECONDS = 0.012
_SETTLED = 1e-3
"""A knob this near to its target, in units of the latent, jumps onto it."""


class Decoder(Protocol):
    """Both directions of a macros model; `tsumami.engine.macro_model.MacroModel` is one."""

    @property
    def latents(self) -> tuple[Latent, ...]:
        """The latent's dimensions, the named ones first."""
        ...

    def decode(self, latent: Values, context: Values) -> Values:
        """Continuous parameters [P] of a latent [L] in a context [C]."""
        ...

    def encode(self, parameters: Values, context: Values) -> Values:
        """Latent [L] of continuous parameters [P] in a context [C]."""
        ...

    def context_of(self, choices: npt.ArrayLike) -> Values:
        """Context [C] of the choices of the discrete parameters."""
        ...


class MacroProcessor:
    """Knob positions in, the full parameter vector out.

    `load` makes a preset the reference: its latent z0 is found by the inverse flow, and the small error of
    going there and back, r = v0 - decode(z0), is added to everything decoded from then on. So the sound
    on load is exactly the preset, and a knob moved there and back returns to it bit for bit. Discrete
    parameters are the context of the flow and keep the preset's value.
    """

    def __init__(self, decoder: Decoder, parameters: Sequence[Parameter]) -> None:
        self._decoder = decoder
        self._parameters = parameters
        self._continuous = sum(not parameter.is_discrete for parameter in parameters)
        self._knobs = [Knob(latent) for latent in decoder.latents[:MACROS]]
        if any(parameter.is_discrete for parameter in parameters[: self._continuous]):
            raise ModelError("parameters must list the continuous ones first")
        defaults = [parameter.from_unit(parameter.default) for parameter in parameters]
        self._offsets = np.zeros(len(self._knobs))
        self.non_finite = 0
        """Decodes that were NaN or infinite: the last values were held."""
        self.load(np.array(defaults, np.float32))

    @property
    def names(self) -> tuple[str, ...]:
        """The macros' names, in the order of their knobs."""
        return tuple(knob.latent.name for knob in self._knobs)

    @property
    def positions(self) -> Values:
        """Where each macro's latent stands now, 0-1, for display."""
        return np.array(
            [knob.shown(offset) for knob, offset in zip(self._knobs, self._offsets, strict=True)], np.float32
        )

    @property
    def is_moving(self) -> bool:
        """Whether a knob has not yet arrived where it was turned to."""
        return any(knob.offset != offset for knob, offset in zip(self._knobs, self._offsets, strict=True))

    def load(self, values: npt.ArrayLike) -> None:
        """Make a full parameter vector (0-1) the reference; it is `values` until a knob moves."""
        preset = np.clip(np.array(values, np.float32), 0.0, 1.0)
        self.values: Values = preset
        self._preset = preset.copy()
        self._context = self._decoder.context_of(self._choices(preset)).copy()
        latent = self._decoder.encode(preset[: self._continuous], self._context).copy()
        decoded = self._decoder.decode(latent, self._context)
        if not (np.isfinite(latent).all() and np.isfinite(decoded).all()):
            # The flow has no latent for this preset: the knobs then move from its middle.
            self.non_finite += 1
            latent = np.zeros_like(latent)
            decoded = self._decoder.decode(latent, self._context)
        self._latent = latent
        self._residual = np.nan_to_num(preset[: self._continuous] - decoded)
        self._offsets[:] = 0.0
        for knob, coordinate in zip(self._knobs, latent, strict=False):
            knob.load(float(coordinate))

    def move(self, macro: int, position: float) -> None:
        """Turn knob ``macro`` to ``position`` 0-1; a knob that the model does not have is ignored."""
        if 0 <= macro < len(self._knobs) and math.isfinite(position):
            self._knobs[macro].move(position)

    def tick(self, seconds: float) -> bool:
        """Move the latent on by ``seconds`` and decode; whether ``values`` changed. [inference thread]"""
        if not self.is_moving:
            return False
        share = 1.0 - math.exp(-seconds / _SMOOTHING_SECONDS)
        targets = np.array([knob.offset for knob in self._knobs])
        self._offsets += share * (targets - self._offsets)
        arrived = np.abs(targets - self._offsets) < _SETTLED
        self._offsets[arrived] = targets[arrived]
        return self._decode()

    def _decode(self) -> bool:
        if not self._offsets.any():
            new = self._preset[: self._continuous]
        else:
            latent = self._latent.copy()
            latent[: len(self._knobs)] += self._offsets.astype(np.float32)
            decoded = self._decoder.decode(latent, self._context)
            if not np.isfinite(decoded).all():
                self.non_finite += 1
                return False
            new = np.clip(decoded + self._residual, 0.0, 1.0)
        changed = not np.array_equal(new, self.values[: self._continuous])
        self.values = np.concatenate([new, self._preset[self._continuous :]]).astype(np.float32)
        return changed

    def _choices(self, values: Values) -> list[int]:
        discrete = self._parameters[self._continuous :]
        return [
            round(parameter.to_unit(float(value)))
            for parameter, value in zip(discrete, values[self._continuous :], strict=True)
        ]
