"""The live processor of macros: knobs in, a whole parameter vector out.

The flow is invertible, so a preset has a latent, and a macro moves the preset *from there*
(Masuda, Esling and Iba, "Synthesizer control learning with normalizing flows", section 3).
What the decoder cannot say exactly, floats and clipping included, is kept as a residual and added to
everything it says, so that knobs at rest give back the preset to the bit.
"""

import math
from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError, ParameterError
from tsumami.engine.inference.contract import Contract, Latent
from tsumami.engine.macros.axes import Axes, own_directions
from tsumami.engine.macros.knob import Knob
from tsumami.engine.macros.morph import End, between

Array = npt.NDArray[np.float32]

SMOOTHING_SECONDS: Final = 0.010
"""Time constant with which a macro follows its knob; the instrument smooths its parameters too."""

_SETTLED: Final = 1e-3  # share of a macro's range below which it snaps to its target
_USUAL: Final = 2.0
"""Where a dimension ends whose range is that of a direction instead: two deviations of the flow's latent."""


class MacroDecoder(Protocol):
    """What the processor needs of a model; `tsumami.engine.macros.model.MacroModel` is one.

    Returned arrays may be overwritten by the next call.
    """

    @property
    def contract(self) -> Contract:
        """Its parameter table and latents."""
        ...

    def decode(self, latent: Array, context: Array) -> Array:
        """Continuous parameters [P] at a latent [L] and context [C]."""
        ...

    def encode(self, parameters: Array, context: Array) -> Array:
        """Latent [L] of continuous parameters [P] and context [C]."""
        ...

    def context_of(self, choices: npt.NDArray[np.int64]) -> Array:
        """Context [C] of the discrete parameters' choices, as indices."""
        ...


class MacroProcessor:
    """Moves a preset along the axes of a macros model. [inference thread]

    ``names`` are the macros: the leading latents that have words for their two ends. Each moves along its
    latent, or the direction that the contract gives it, or its row of ``directions`` ``[macros, latents]``.
    Each dimension of the latent can also be turned by itself; what is turned adds up.
    ``values`` is the current parameter vector of the whole table, float32 ``[parameter_count]``, always
    finite and in 0-1. Discrete parameters keep the preset's value, and so do those that the model does not
    have: ``rows`` are the places of the model's parameters in the instrument's table, where that has more.
    ``non_finite`` counts what the model said that was no number (the last values were held); ``ignored``
    counts moves of no known macro or to no position.

    `ModelError` when, without ``rows``, ``parameter_count``, the rows of the instrument's table, is not the
    model's, and for directions that are none (`Axes`).
    """

    def __init__(
        self,
        decoder: MacroDecoder,
        parameter_count: int,
        *,
        directions: npt.ArrayLike | None = None,
        rows: Sequence[int] | None = None,
    ) -> None:
        contract = decoder.contract
        if rows is None and len(contract.parameters) != parameter_count:
            raise ModelError(
                f"parameters of {contract.name} must be the instrument's {parameter_count}, "
                f"got {len(contract.parameters)}; choose a model that was trained on this instrument"
            )
        self._decoder = decoder
        discrete = np.array([parameter.is_discrete for parameter in contract.parameters])
        places = np.arange(parameter_count) if rows is None else np.array(rows, np.intp)
        self._continuous = places[~discrete]
        self._discrete = places[discrete]
        self._last_choices = np.array([len(parameter.choices) - 1 for parameter in contract.discrete])
        macros = []
        for latent in contract.latents:
            if not (latent.low and latent.high):
                break
            macros.append(latent)
        self.names: tuple[str, ...] = tuple(latent.name for latent in macros)
        self._knobs = tuple(Knob(latent.minimum, latent.maximum) for latent in macros)
        self._knobs += tuple(Knob(*_range_of(latent)) for latent in contract.latents)
        self._tolerance = _SETTLED * np.array([knob.span for knob in self._knobs])
        own = own_directions(macros, len(contract.latents))
        self._axes = Axes(len(macros), len(contract.latents), own if directions is None else directions)
        self._latent = np.zeros(len(contract.latents))
        # Where each knob's axis began, stands and goes: the macros, and then the dimensions.
        self._start = np.zeros(len(self._knobs))
        self._place = np.zeros(len(self._knobs))
        self._target = np.zeros(len(self._knobs))
        self._context: Array = np.zeros(contract.context_size, np.float32)
        self._preset: Array = np.full(parameter_count, 0.5, np.float32)
        self._residual: Array = np.zeros(len(self._continuous), np.float32)
        self._ends: list[End | None] = [None, None]
        self.values: Array = self._preset.copy()
        self.non_finite = 0
        self.ignored = 0

    @property
    def is_moving(self) -> bool:
        """Whether a macro has not reached its knob yet."""
        return not np.array_equal(self._place, self._target)

    @property
    def positions(self) -> Array:
        """Where each macro stands now, 0-1, for display."""
        macros = zip(self._knobs, self._place[: len(self.names)], strict=False)
        return np.array([knob.position_of(place) for knob, place in macros], np.float32)

    def load(self, values: npt.ArrayLike) -> None:
        """Take a preset over: ``values`` becomes exactly this, and the knobs move from here.

        ``values`` are the positions of the whole table; they are clipped to 0-1, and one that is not a
        number keeps what it was. `ParameterError` when their count is another.
        """
        given = np.asarray(values, np.float32)
        if given.shape != self.values.shape:
            raise ParameterError(
                f"preset values must be {len(self.values)} numbers, got shape {given.shape}; "
                "give the whole parameter table"
            )
        self._preset = np.where(np.isfinite(given), np.clip(given, 0, 1), self.values)
        self.values[:] = self._preset
        self._context = self._context_of(self._preset)
        self._find_latent()

    def morph_from(self, which: int, values: npt.ArrayLike) -> None:
        """Take a preset as the end 0 or 1 of the way that `morph` goes; as `load`, but nothing moves."""
        given = np.asarray(values, np.float32)
        if given.shape != self.values.shape:
            raise ParameterError(f"preset values must be {len(self.values)} numbers, got shape {given.shape}")
        preset = np.where(np.isfinite(given), np.clip(given, 0, 1), self.values)
        context = self._context_of(preset)
        latent, residual = self._latent_of(preset, context)
        self._ends[which] = End(preset, latent, context, residual)

    def morph(self, share: float) -> None:
        """Go to a share 0-1 of the way between the ends, and let the knobs move from there."""
        first, second = self._ends[0], self._ends[1]
        if first is None or second is None or not 0.0 <= share <= 1.0:
            self.ignored += 1
            return
        nearer = first if share < 0.5 else second
        if share in (0.0, 1.0):
            self.load(nearer.values)
            return
        latent, continuous = between(first, second, share, self._decode_copy)
        if not np.isfinite(continuous).all():
            self.non_finite += 1
            return
        self._preset = nearer.values.copy()
        self._preset[self._continuous] = continuous
        self.values[:] = self._preset
        self._context = nearer.context
        self._residual = continuous - self._decode_copy(latent.astype(np.float32), nearer.context)
        self._take_latent(latent)

    def move(self, macro: int, position: float) -> None:
        """Turn the knob of a macro to a position 0-1 (clipped); the first ever only says where it stands."""
        self._turn(macro, range(len(self.names)), position)

    def move_latent(self, dimension: int, position: float) -> None:
        """Turn the knob of a dimension of the latent, likewise; beside what the macros move of it."""
        first = len(self.names)
        self._turn(first + dimension, range(first, len(self._knobs)), position)

    def tick(self, seconds: float) -> bool:
        """Let ``seconds`` pass; whether ``values`` changed. Decodes only while a macro moves."""
        if not self.is_moving:
            return False
        moving = self._place
        moving += (self._target - moving) * (1.0 - math.exp(-max(seconds, 0.0) / SMOOTHING_SECONDS))
        arrived = np.abs(self._target - moving) <= self._tolerance
        moving[arrived] = self._target[arrived]
        return self._update()

    def _turn(self, number: int, allowed: range, position: float) -> None:
        if number not in allowed or not math.isfinite(position):
            self.ignored += 1
            return
        self._knobs[number].turn(position)
        self._target[number] = self._knobs[number].target

    def _find_latent(self) -> None:
        """Start from the preset's latent, and note what the decoder makes of it."""
        origin, self._residual = self._latent_of(self._preset, self._context)
        self._take_latent(origin)

    def _context_of(self, preset: Array) -> Array:
        choices = np.rint(preset[self._discrete] * self._last_choices).astype(np.int64)
        return self._decoder.context_of(choices).copy()

    def _latent_of(self, preset: Array, context: Array) -> tuple[npt.NDArray[np.float64], Array]:
        """The latent of a preset, and what the decoder makes too little of it."""
        parameters = preset[self._continuous]
        encoded = np.array(self._decoder.encode(parameters, context), np.float64)
        self.non_finite += not np.isfinite(encoded).all()
        latent = np.where(np.isfinite(encoded), encoded, 0.0)
        # A residual that is no number makes every decode that relies on it one, which is held and counted.
        return latent, parameters - self._decoder.decode(latent.astype(np.float32), context)

    def _decode_copy(self, latent: Array, context: Array) -> Array:
        return self._decoder.decode(latent, context).copy()

    def _take_latent(self, latent: npt.NDArray[np.float64]) -> None:
        """Start from a latent, at which the knobs are taken over where they stand."""
        self._start = np.concatenate([self._axes.load(latent), latent])
        self._place = self._start.copy()
        for number, knob in enumerate(self._knobs):
            knob.load(self._start[number])
            self._target[number] = knob.target

    def _update(self) -> bool:
        """Values where the macros stand; whether they changed."""
        if np.array_equal(self._place, self._start):
            parameters = self._preset[self._continuous]
        else:
            macros = len(self.names)
            self._axes.write(self._place[:macros], self._latent)
            self._latent += self._place[macros:] - self._start[macros:]
            decoded = self._decoder.decode(self._latent.astype(np.float32), self._context)
            parameters = np.clip(decoded + self._residual, 0, 1)
        if not np.isfinite(parameters).all():
            self.non_finite += 1
            return False
        changed = not np.array_equal(self.values[self._continuous], parameters)
        self.values[self._continuous] = parameters
        return changed


def _range_of(latent: Latent) -> tuple[float, float]:
    """The useful range of a dimension by itself."""
    return (-_USUAL, _USUAL) if latent.direction else (latent.minimum, latent.maximum)
