"""What a training keeps in its folder, so that it can be stopped and gone on with."""

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from tsumami.engine.errors import ModelError

Weights = dict[str, Tensor]

FILE: Final = "checkpoint.pt"


def load_checkpoint(folder: Path, system: str) -> dict[str, Any]:
    """What `save_checkpoint` has stored. Raises `ModelError` for what it has not.

    ``system`` is the command of `tsumami train` that makes such folders.
    """
    path = folder / FILE
    try:
        stored: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ModelError(
            f"run must be a folder that tsumami train {system} --folder has made, got {folder}"
        ) from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        reason = " ".join(str(error).split())[:120]
        raise ModelError(f"run must hold a whole {FILE}, got {path} ({reason})") from None
    return stored


def has_checkpoint(folder: Path) -> bool:
    """Whether a training has begun in ``folder``."""
    return (folder / FILE).exists()


def make_folder(folder: Path) -> None:
    """Make the folder of a training; raises `ModelError` where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise ModelError(f"folder must be one that can be written, got {folder}; choose another folder")


def save_checkpoint(folder: Path, checkpoint: Mapping[str, Any]) -> None:
    """Store it: written beside and renamed, so that the last one is whole whatever happens."""
    make_folder(folder)
    save_whole(dict(checkpoint), folder / FILE)


def save_whole(content: Mapping[str, Any], path: Path) -> None:
    """`torch.save` into a file beside, which is then renamed."""
    unfinished = path.with_suffix(".part")
    torch.save(content, unfinished)
    unfinished.replace(path)


def check_same_training(folder: Path, stored: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Raise `ModelError` when what ``folder`` has ``stored`` is of another training than these ``facts``."""
    for name, value in facts.items():
        if stored[name] != value:
            raise ModelError(
                f"folder must be new or of the same training, got {folder} with {name} {stored[name]} "
                f"instead of {value}; choose another folder"
            )


def weights_of(model: nn.Module) -> Weights:
    """A copy of a model's weights."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
