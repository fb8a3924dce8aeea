"""A trained model of synth control in its folder, and what it says of a sound."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from tsumami.plugins.match.mel import OFFSET
from tsumami.training.checkpoint import load_checkpoint
from tsumami.training.macros.models import make_model
from tsumami.training.macros.synth_model import Shape

Values = npt.NDArray[np.float32]

SYSTEM: Final = "macros"
"""Of `tsumami train`."""

_BATCH: Final = 256


class Run:
    """The model of a training's best epoch, on the CPU."""

    def __init__(self, checkpoint: Mapping[str, Any]) -> None:
        self.name: str = checkpoint["model"]
        self.parameters: tuple[str, ...] = tuple(checkpoint["parameters"])
        self.pairs: tuple[tuple[str, str], ...] = tuple((low, high) for low, high in checkpoint["pairs"])
        self.instrument: str = checkpoint["instrument"]
        self.corpus_hash: str = checkpoint["corpus_hash"]
        self.seed: int = checkpoint["seed"]
        self.command: str = checkpoint["command"]
        self.variations: int = checkpoint["schedule"]["variations"]
        """How many, besides the presets, it was trained on."""
        self.epochs: int = checkpoint["epoch"]
        self.best_epoch: int = checkpoint["best_epoch"]
        self.msen: float = checkpoint["best_figures"]["MSEn"]
        """Mean squared error of the validation's parameters over their mean square."""
        self.mean: float = checkpoint["mean"]
        self.deviation: float = checkpoint["deviation"]
        """Of the training's logarithmic mels."""
        self.model = make_model(self.name, Shape(**checkpoint["shape"]))
        self.model.load_state_dict(checkpoint["best"])
        self.model.requires_grad_(False).eval()

    def standardised(self, mel: Values) -> torch.Tensor:
        """What the model is given of linear mels ``[n, 64, 80]``."""
        return torch.from_numpy(((np.log(mel + OFFSET) - self.mean) / self.deviation).astype(np.float32))

    def predict(self, mel: Values) -> Values:
        """Positions 0-1 float32 ``[n, parameters]`` of linear mels ``[n, 64, 80]``; always the same ones."""
        parts = torch.split(self.standardised(mel), _BATCH)
        with torch.inference_mode():
            return np.concatenate([self.model.predict(part).numpy() for part in parts])


def load_run(folder: str | Path) -> Run:
    """The run in ``folder``. Raises `ModelError` when there is none."""
    return Run(load_checkpoint(Path(folder), SYSTEM))
