"""A synthesizer outside with a model of its own: its parameters are the model's, its sounds its presets."""

from pathlib import Path

import numpy as np

from tsumami.engine.errors import SessionError
from tsumami.engine.inference.contract import Contract, ModelParameter
from tsumami.engine.parameter import Parameter
from tsumami.plugins import Patch
from tsumami.plugins.presets import Preset, read_presets
from tsumami.plugins.presets.preset import is_same_synth

_MIDDLE = 0.5


def parameters_of(contract: Contract) -> tuple[Parameter, ...]:
    """The rows of a model's table as an instrument's: positions 0-1 and choices."""
    return tuple(map(_parameter, contract.parameters))


def patches_of(bank: str | None, contract: Contract) -> tuple[Patch, ...]:
    """The presets of a file or folder, as far as the model knows their parameters; not empty.

    Raises `SessionError` when there are none, and for presets of another synthesizer.
    """
    if bank is None:
        raise SessionError(
            f"instrument.bank must be presets of {contract.instrument} for its macros to move from, got none"
        )
    presets = [preset for preset in read_presets(Path(bank)) if preset.positions]
    ours = [preset for preset in presets if is_same_synth(preset.synth, contract.instrument)]
    if not ours:
        raise SessionError(
            f"instrument.bank must hold presets of {contract.instrument}, got {len(presets)} of others "
            f"in {bank}"
        )
    return tuple(_patch(preset, contract) for preset in ours)


def _parameter(row: ModelParameter) -> Parameter:
    if row.is_discrete:
        return Parameter(row.name, 0.0, len(row.choices) - 1.0, "", 0.0, "discrete", row.choices)
    return Parameter(row.name, 0.0, 1.0, "", _MIDDLE)


def _patch(preset: Preset, contract: Contract) -> Patch:
    values = [preset.positions.get(row.name, _MIDDLE) for row in contract.parameters]
    return Patch(preset.name, preset.category, frozenset(preset.tags), np.array(values, np.float32))
