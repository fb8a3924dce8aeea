"""Macros turned over presets, and heard: every stop of a knob is rendered by the real instrument.

A knob turns as it is live, through the engine's `MacroProcessor`. Its peer is what a hand would make once for
all presets: the one parameter that says most about what the macro is named after.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LinearRegression

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import Latent
from tsumami.engine.macros import MacroProcessor
from tsumami.engine.macros.model import MacroModel
from tsumami.plugins.match.mel import BANDS, FRAMES
from tsumami.training.macros.axes import check_parameters
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.descriptors import DESCRIPTORS, MACROS
from tsumami.training.macros.knobs import POSITIONS, Verdict, judge, sweep_knob
from tsumami.training.macros.metrics import Distances, sound_distances
from tsumami.training.macros.scaling import Scale
from tsumami.training.macros.sounds import Sounds, hear

Values = npt.NDArray[np.float32]
_WIDE: Final = MACROS.index("wide")

Turn = Callable[[Values, int, int], Values]
"""Patches ``[positions, parameters]`` of a patch under a macro's knob at so many even positions."""


@dataclass(frozen=True, slots=True)
class Sweeps:
    """``presets`` under every knob of ``macros``, from one end to the other.

    ``values`` float32 ``[presets, macros, positions, parameters]``, their linear mels ``[…, 64, 80]`` and
    ``descriptors`` ``[…, 9]``.
    """

    presets: Sounds
    macros: tuple[Latent, ...]
    values: Values
    mel: Values
    descriptors: Values

    def judge(self, scale: Scale) -> list[Verdict]:
        """A verdict for each macro, in standard deviations of ``scale``; see `descriptor_of`."""
        return [
            judge(descriptor_of(macro.name), self.descriptors[:, row], self.presets.descriptors, scale)
            for row, macro in enumerate(self.macros)
        ]

    def changes_db(self) -> Distances:
        """How far the two ends of each knob are apart, log-spectral distance ``[presets, macros]``."""
        first, last = (self.mel[:, :, stop].reshape(-1, BANDS, FRAMES) for stop in (0, -1))
        return sound_distances(first, last)["LSD"].reshape(self.mel.shape[:2])


class Knobs:
    """The knobs of a model over a corpus's presets.

    Raises `ModelError` for a model of other parameters, and for one without macros.
    """

    def __init__(self, model: MacroModel, corpus: Corpus) -> None:
        check_parameters(model.contract, corpus)
        self._processor = MacroProcessor(model, len(corpus.parameters))
        self.macros: tuple[Latent, ...] = model.latents[: len(self._processor.names)]
        if not self.macros:
            raise ModelError(f"latents of {model.contract.name} must have names to be turned, got none")

    def turn(self, patch: Values, macro: int, positions: int) -> Values:
        """See `Turn`."""
        return sweep_knob(self._processor, patch, macro, positions)

    def places(self, values: Values) -> Values:
        """Where presets ``[n, parameters]`` stand on every knob, 0-1, float32 ``[n, macros]``."""
        places = []
        for patch in values:
            self._processor.load(patch)
            places.append(self._processor.positions)
        return np.stack(places)


def descriptor_of(macro: str) -> int:
    """The column of descriptors that measures a macro. Raises `ModelError` for one without."""
    if macro not in MACROS:
        raise ModelError(f"macros must be among {', '.join(MACROS)} to be measured, got {macro}")
    return MACROS.index(macro)


@dataclass(frozen=True, slots=True)
class OneParameter:
    """A macro as one parameter, by its column, turned up (1) or down (-1)."""

    column: int
    direction: int

    def turn(self, patch: Values, positions: int) -> Values:
        """The patch at even positions of the parameter, and otherwise as it is."""
        swept = np.tile(patch, (positions, 1))
        swept[:, self.column] = np.linspace(0.0, 1.0, positions)[:: self.direction]
        return swept


def one_parameter(corpus: Corpus, macro: str) -> OneParameter:
    """The parameter that weighs most in a linear regression of a macro's descriptor, on training presets.

    It is judged in its own standard deviations, so that one which people seldom move does not win.
    """
    values = corpus.train.values.astype(np.float64)
    units = Scale.fit(corpus.train.descriptors).to_units(corpus.train.descriptors)
    target = units[:, descriptor_of(macro)]
    weights = LinearRegression().fit(values, target).coef_ * values.std(axis=0)
    column = int(np.abs(weights).argmax())
    return OneParameter(column, 1 if weights[column] > 0 else -1)


def sweep(
    corpus: Corpus,
    presets: Sounds,
    macros: Sequence[Latent],
    turn: Turn,
    *,
    positions: int = POSITIONS,
    workers: int | None = None,
    on_preset: Callable[[int], object] = lambda _done: None,
) -> Sweeps:
    """Turn every knob over every preset and render it all; ``on_preset`` is told how many are done."""
    shape = (len(presets), len(macros), positions)
    values = np.zeros((*shape, len(corpus.parameters)), np.float32)
    mel = np.zeros((*shape, BANDS, FRAMES), np.float32)
    descriptors = np.zeros((*shape, len(DESCRIPTORS)), np.float32)
    for row, patch in enumerate(presets.values):
        values[row] = [turn(patch, macro, positions) for macro in range(len(macros))]
        mel[row], descriptors[row] = _hear(corpus, values[row], workers)
        # Of one channel, a sound says nothing of its width, and silence has another than any.
        descriptors[row, ..., _WIDE] = presets.descriptors[row, _WIDE]
        on_preset(row + 1)
    return Sweeps(presets, tuple(macros), values, mel, descriptors)


def _hear(corpus: Corpus, values: Values, workers: int | None) -> tuple[Values, Values]:
    """Mels and descriptors of patches ``[macros, positions, parameters]``; equal ones are played once."""
    stops = values.shape[:-1]
    patches, rows = np.unique(values.reshape(-1, values.shape[-1]), axis=0, return_inverse=True)
    mel, descriptors = hear(corpus.render(patches, workers))
    return mel[rows].reshape(*stops, BANDS, FRAMES), descriptors[rows].reshape(*stops, -1)
