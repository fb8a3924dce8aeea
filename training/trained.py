"""What every training leaves of itself beside its model."""

from collections.abc import Mapping
from typing import Any


class Trained:
    """The facts of a checkpoint that is kept for a system of `tsumami train`."""

    def __init__(self, checkpoint: Mapping[str, Any]) -> None:
        self.name: str = checkpoint["model"]
        self.data_hash: str = checkpoint["data_hash"]
        self.seed: int = checkpoint["seed"]
        self.command: str = checkpoint["command"]
        self.budget: str = checkpoint["schedule"]["name"]
        self.epochs: int = checkpoint["epoch"]
        self.best_epoch: int = checkpoint["best_epoch"]
