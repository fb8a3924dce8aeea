"""A trained model of restoration in its folder, and what it predicts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch

from tsumami.engine.errors import ModelError
from tsumami.training.checkpoint import load_checkpoint
from tsumami.training.restoration.models import make_model
from tsumami.training.restoration.predictor import Predictor, Shape
from tsumami.training.restoration.qdlstm import Qdlstm
from tsumami.training.restoration.spectra import Magnitudes
from tsumami.training.restoration.windows import predict_tune
from tsumami.training.trained import Trained

SYSTEM: Final = "restoration"
"""Of `tsumami train`."""


class Run(Trained):
    """The model of a training's best epoch, on the CPU."""

    def __init__(self, checkpoint: Mapping[str, Any]) -> None:
        super().__init__(checkpoint)
        self.held_out: str = checkpoint["held_out"]
        self.mse: float = checkpoint["best_figures"]["validation MSE"]
        """Of the validation, in units of a tune's largest magnitude."""
        self.model = make_model(self.name, Shape(**checkpoint["schedule"]["shape"]))
        self.model.load_state_dict(checkpoint["best"])
        self.model.requires_grad_(False).eval()

    def predict(self, spectrogram: Magnitudes) -> Magnitudes:
        """See `predict`."""
        return predict(self.model, spectrogram)


def predict(model: Predictor, spectrogram: Magnitudes) -> Magnitudes:
    """What a model says of every frame of a tune but three at either end, ``[frames - 6, BINS]``."""

    def ask(windows: Magnitudes) -> Magnitudes:
        with torch.inference_mode():
            predicted: Magnitudes = model(torch.from_numpy(windows)).numpy()
        return predicted

    return predict_tune(ask, spectrogram, model.span)


def mean_of(time: Run, frequency: Run) -> Qdlstm:
    """QDLSTM of two runs."""
    return Qdlstm(time.model, frequency.model)


def load_run(folder: Path) -> Run:
    """The run in ``folder``. Raises `ModelError` when there is none."""
    return Run(stored_run(folder))


def stored_run(folder: Path) -> dict[str, Any]:
    """What its training has stored in ``folder``. Raises `ModelError` when none has."""
    stored = load_checkpoint(folder, SYSTEM)
    if "data_hash" not in stored:
        raise ModelError(f"run must be one of tsumami train {SYSTEM}, got another in {folder}")
    return stored
