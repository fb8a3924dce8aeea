"""The trained mixer: a model of kind restoration that weighs the parts of a continuation."""

import importlib.resources
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import AGAIN
from tsumami.engine.inference.inference import Inference
from tsumami.engine.restoration.bands import BANDS, Spectra
from tsumami.engine.restoration.mix_features import FEATURES, Features
from tsumami.engine.restoration.mix_parts import PARTS

Samples = npt.NDArray[np.float64]

NONE: Final = "none"
"""In place of a model: autoregressions and search are left to themselves."""
_SHIPPED: Final = "restoration.onnx"


class MixModel:
    """A `tsumami.engine.restoration.mix.Mixer`, on the CPU; takes some hundredths of a millisecond a window.

    `ModelError` when the file is not a model of kind restoration, or one with other features, parts or bands.
    """

    def __init__(self, model: str | Path | bytes) -> None:
        self._inference = Inference(model, "cpu", "restoration")
        shapes = {
            "x": ((1, FEATURES, BANDS), self._inference.inputs["x"].shape),
            "y": ((1, PARTS, BANDS), self._inference.outputs["y"].shape),
        }
        for name, (wanted, got) in shapes.items():
            if got != wanted:
                raise ModelError(f"shape of {name} of a mixer must be {wanted}, got {got}; {AGAIN} mixer")
        self._inference.prepare()

    def weigh(self, features: Features, spectra: Spectra, plain: Samples) -> Samples:  # noqa: ARG002
        """See `tsumami.engine.restoration.mix.Mixer`; the plain weights where the model says no numbers."""
        weights = np.repeat(plain[:, None], BANDS, axis=1)
        self._inference.inputs["x"][0] = features
        if self._inference.step():
            weights += self._inference.outputs["y"][0]
        return weights


def chosen_mixer(model: str | Path | None = None) -> MixModel | None:
    """The model of a file, the one that ships where nothing is said, or none for `NONE`."""
    if model == NONE:
        return None
    return MixModel(model or Path(str(importlib.resources.files("tsumami.engine.models") / _SHIPPED)))
