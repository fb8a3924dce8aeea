"""A trained generator of loops in its folder, and the loops that it makes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from tsumami.engine.errors import ModelError
from tsumami.training.checkpoint import FILE, load_checkpoint
from tsumami.training.loops.basis import ALL_SHAPES
from tsumami.training.loops.drawn import DrawnGenerator
from tsumami.training.loops.networks import SOUNDS, Generator
from tsumami.training.loops.variants import VARIANTS
from tsumami.training.trained import Trained

Array = npt.NDArray[np.float32]

SYSTEM: Final = "loops"
"""Of `tsumami train`."""
_MEAN: Final = "mean."


class Run(Trained):
    """The generator of a training's best epoch, on the CPU."""

    def __init__(self, checkpoint: Mapping[str, Any]) -> None:
        super().__init__(checkpoint)
        self.energy: float = checkpoint["best_figures"]["energy distance"]
        variant, none = VARIANTS[self.name], torch.zeros(sum(SOUNDS.values()), ALL_SHAPES)
        self.generator = (
            DrawnGenerator(none) if variant.is_drawn else Generator(none, is_normed=variant.is_normed)
        )
        best = checkpoint["best"]
        own = {name.removeprefix(_MEAN): tensor for name, tensor in best.items() if name.startswith(_MEAN)}
        self.generator.load_state_dict(own)
        self.generator.requires_grad_(False).eval()

    def weights(self, wishes: Array, seed: int) -> Array:
        """Loops for wishes ``[n, WISHES]`` as weights of the basis ``[n, ALL_SHAPES + 1, STEPS]``."""
        latents = np.random.default_rng(seed).standard_normal((len(wishes), self.generator.latents))
        with torch.inference_mode():
            drawn = self.generator(torch.from_numpy(latents).float(), torch.from_numpy(wishes))
        made: Array = drawn.numpy()
        return made


def load_run(folder: Path) -> Run:
    """The run in ``folder``. Raises `ModelError` when there is none."""
    return Run(stored_run(folder))


def stored_run(folder: Path) -> dict[str, Any]:
    """What its training has stored in ``folder``. Raises `ModelError` when none has."""
    stored = load_checkpoint(folder, SYSTEM)
    if stored.get("system") != SYSTEM:
        raise ModelError(f"run must be one of tsumami train {SYSTEM}, got another in {folder}")
    return stored


def find_runs(place: Path) -> list[Run]:
    """Every run at or under ``place``, in the order of `VARIANTS`; those of the paper's networks apart.

    Raises `ModelError` when there is none, or when they learned from various loops.
    """
    folders = sorted(path.parent for path in place.rglob(FILE) if path.parent.name in VARIANTS)
    found = [load_run(folder) for folder in folders]
    if not found:
        raise ModelError(
            f"runs must be a folder with runs of tsumami train {SYSTEM} at or under it, "
            f"got {place} without one"
        )
    if len({run.name for run in found}) < len(found) or len({run.data_hash for run in found}) > 1:
        raise ModelError(f"runs must be one of each variant, all of the same loops, got others in {place}")
    return sorted(found, key=lambda run: list(VARIANTS).index(run.name))
