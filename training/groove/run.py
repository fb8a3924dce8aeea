"""A trained model of the groove paper in its folder, and what it says of sounds."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from tsumami.engine.errors import ModelError
from tsumami.engine.groove.divergence import divergence
from tsumami.training.checkpoint import FILE, load_checkpoint
from tsumami.training.groove.lstm_vae import LstmVae
from tsumami.training.groove.variants import VARIANTS
from tsumami.training.trained import Trained

Audio = npt.NDArray[np.float32]

SYSTEM: Final = "groove"
"""Of `tsumami train`."""
SEED: Final = 1
"""Of a training that is given none."""
_AT_ONCE: Final = 1 << 12


class Run(Trained):
    """The model of a training's best epoch, on the CPU."""

    def __init__(self, checkpoint: Mapping[str, Any]) -> None:
        super().__init__(checkpoint)
        self.piece: str = checkpoint["piece"]
        self.elbo: float = -checkpoint["best_figures"]["negative ELBO"]
        """Of the beats learned from, in nats a sample."""
        self.model = LstmVae(VARIANTS[self.name].components)
        self.model.load_state_dict(checkpoint["best"])
        self.model.requires_grad_(False).eval()

    @property
    def label(self) -> str:
        """The name, and the seed where it is not the usual one."""
        return self.name if self.seed == SEED else f"{self.name}, seed {self.seed}"

    def divergence(self, performed: Audio, reference: Audio) -> Audio:
        """D of sounds ``[n, frames]`` from a reference ``[frames]``, sample by sample, ``[n, frames]``."""
        sounds = torch.from_numpy(np.concatenate([reference[None], performed]))
        parts, state = [], None
        with torch.inference_mode():
            for some in torch.split(sounds, _AT_ONCE, dim=1):
                encoded, state = self.model.encode(some, state)
                numbers = encoded.numpy()
                parts.append(divergence(numbers[1:], numbers[:1]))
        return np.concatenate(parts, axis=1)

    def restored(self, beats: Audio, *, sampled: bool = False) -> Audio:
        """What becomes of beats ``[n, frames]``; ``sampled`` with the latent's deviates, from one seed."""
        torch.manual_seed(self.seed)
        with torch.inference_mode():
            return self.model.restored(torch.from_numpy(beats), sampled=sampled).numpy()


def load_run(folder: Path) -> Run:
    """The run in ``folder``. Raises `ModelError` when there is none."""
    return Run(stored_run(folder))


def stored_run(folder: Path) -> dict[str, Any]:
    """What its training has stored in ``folder``. Raises `ModelError` when none has."""
    stored = load_checkpoint(folder, SYSTEM)
    if "piece" not in stored:
        raise ModelError(f"run must be one of tsumami train {SYSTEM}, got another in {folder}")
    return stored


def find_runs(place: Path) -> list[Run]:
    """Every run at or under ``place``, in the order of `VARIANTS`, then of seeds.

    Raises `ModelError` when there is none, when two are of one model and seed, or when they learned from
    various pieces.
    """
    found = list(_runs(sorted(path.parent for path in place.rglob(FILE))))
    if not found:
        raise ModelError(
            f"runs must be a folder with runs of tsumami train {SYSTEM} at or under it, "
            f"got {place} without one"
        )
    labels = {run.label for run in found}
    if len(labels) < len(found) or len({run.data_hash for run in found}) > 1:
        raise ModelError(f"runs must be one for each model and seed, all of one piece, got others in {place}")
    return sorted(found, key=lambda run: (list(VARIANTS).index(run.name), run.seed))


def _runs(folders: Sequence[Path]) -> Iterator[Run]:
    for folder in folders:
        yield load_run(folder)
