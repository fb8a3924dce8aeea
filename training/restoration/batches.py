"""Windows of many tunes, ready for torch."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from tsumami.training.restoration.spectra import Magnitudes
from tsumami.training.restoration.tunes import Tune
from tsumami.training.restoration.windows import EDGE, WINDOW

_VALID: Final = 10
"""A tenth of every tune, its end, is for the validation."""


class Windows:
    """All windows of 36 frames in some spectrograms, none of them across two."""

    def __init__(self, spectrograms: Sequence[Magnitudes], step: int, device: torch.device) -> None:
        """``step`` is the distance in frames from one window to the next within a spectrogram."""
        self._frames = torch.from_numpy(np.concatenate(spectrograms)).to(device)
        starts, first = [], 0
        for spectrogram in spectrograms:
            starts.append(torch.arange(first, first + len(spectrogram) - WINDOW + 1, step))
            first += len(spectrogram)
        self._starts = torch.cat(starts).to(device)

    def __len__(self) -> int:
        return len(self._starts)

    def draw(self, count: int, batch: int) -> Iterator[Tensor]:
        """``count`` different windows at random, or all if they are fewer, as ``[batch, 36, BINS]``."""
        yield from self._batches(torch.randperm(len(self))[:count], batch)

    def all(self, batch: int) -> Iterator[Tensor]:
        """Every window, in batches."""
        yield from self._batches(torch.arange(len(self)), batch)

    def _batches(self, rows: Tensor, batch: int) -> Iterator[Tensor]:
        ahead = torch.arange(WINDOW, device=self._frames.device)
        for some in torch.split(rows.to(self._frames.device), batch):
            yield self._frames[self._starts[some, None] + ahead]


def training_and_validation(tunes: Sequence[Tune], device: torch.device) -> tuple[Windows, Windows]:
    """Windows at every frame of the tunes, and, end to end, those of the tenth at their ends.

    A tune too short for both is for the training alone; where all are, the validation is the training.
    """
    train, valid = [], []
    for tune in tunes:
        cut = len(tune.magnitudes) - max(len(tune.magnitudes) // _VALID, WINDOW)
        if cut < WINDOW:
            train.append(tune.magnitudes)
            continue
        train.append(tune.magnitudes[:cut])
        valid.append(tune.magnitudes[cut:])
    return Windows(train, 1, device), Windows(valid or train, WINDOW - EDGE, device)
