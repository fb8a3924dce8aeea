"""Where the sounds of a session's instrument lie in the latent of its macros."""

import numpy as np
import numpy.typing as npt

from tsumami.bridge.session.errors import known_name, nearest
from tsumami.bridge.session.tables import Session
from tsumami.engine.errors import ParameterError
from tsumami.engine.macros.model import MacroModel
from tsumami.plugins.builtin.bank import BANK_PATH
from tsumami.plugins.presets import Preset, read_preset, read_presets, split_place

Latent = npt.NDArray[np.float64]


class InstrumentSounds:
    """The presets that program changes of a session choose from, and preset files: sounds by name.

    ``names`` are those that the session itself knows. Raises `ParameterError` for a bank that is none.
    """

    def __init__(self, session: Session) -> None:
        bank = session.instrument.bank
        if bank is not None:
            presets = read_presets(bank, lambda _: None)
        elif session.instrument.kind == "plugin":
            presets = ()
        else:
            presets = read_presets(BANK_PATH)
        self._presets = {preset.name: preset for preset in reversed(presets)}
        self.names = tuple(dict.fromkeys(preset.name for preset in presets))

    def find(self, sound: str) -> tuple[str, Preset]:
        """Name and preset of ``sound``: one of the session's, or a preset file, which may be ``FILE#n``.

        Raises `ParameterError` when there is neither, saying what there is.
        """
        folded = {name.casefold(): name for name in reversed(self.names)}
        name = sound if sound in self._presets else folded.get(sound.casefold())
        if name is not None:
            return name, self._presets[name]
        if split_place(sound)[0].exists():
            return sound, read_preset(sound)
        if not self.names:
            raise ParameterError(f"sound must be a preset file, got {sound!r}; the session has no bank")
        near = nearest(sound, self.names)
        raise ParameterError(f"sound must be a preset file or {known_name(self.names)}, got {sound!r}{near}")


def latent_of(model: MacroModel, preset: Preset) -> Latent:
    """Where a preset lies in the latent, float64 ``[L]``; `ParameterError` for one of another instrument."""
    contract = model.contract
    missing = next((row.name for row in contract.parameters if row.name not in preset.positions), None)
    if missing is not None:
        raise ParameterError(
            f"preset must be one of {contract.instrument}, which the model is for, got {preset.name!r} of "
            f"{preset.synth or preset.format}, which says nothing of {missing!r}"
        )
    positions = np.array([preset.positions[row.name] for row in contract.continuous], np.float32)
    choices = [round(preset.positions[row.name] * (len(row.choices) - 1)) for row in contract.discrete]
    latent = np.array(model.encode(positions, model.context_of(choices)), np.float64)
    if not np.isfinite(latent).all():
        raise ParameterError(f"preset must have a place in the latent, got none for {preset.name!r}")
    return latent
