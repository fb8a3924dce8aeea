"""How harmonic, and how percussive, the surroundings of a missing frame are (Fitzgerald 2010).

A tone is a ridge along time, which a median over time keeps; a stroke is one along frequency, which a median
over frequency keeps. With H the one and P the other, the harmonic share of a bin is the soft mask
H² / (H² + P²), and the percussive one what is left.
"""

from typing import Final

import torch
from torch import Tensor, nn

from tsumami.training.restoration.windows import CONTEXT

MASKS: Final = 3

_BINS: Final = 17
"""Of the median over frequency: 530 Hz."""
_LEAST: Final = 1e-12


def harmonic_masks(around: Tensor, guess: Tensor) -> Tensor:
    """Harmonic shares 0-1 before, in and after missing frames, ``[..., BINS, 3]``.

    ``around`` ``[..., BINS, 6]`` are the three frames before and the three after, ``guess`` ``[..., BINS]``
    what is put in the middle. The median over time is of the six: the missing frame is never asked for.
    """
    harmonic = around.sort(dim=-1).values[..., CONTEXT - 1 : CONTEXT + 1].mean(-1, keepdim=True)
    percussive = torch.stack(
        [_over_bins(frame) for frame in (around[..., CONTEXT - 1], guess, around[..., CONTEXT])], dim=-1
    )
    return harmonic**2 / (harmonic**2 + percussive**2 + _LEAST)


def _over_bins(frames: Tensor) -> Tensor:
    """The median of every bin's neighbours, for frames ``[..., BINS]``.

    A sorting network on shifted spectra (odd-even transposition) is six times as fast as a sort at every bin.
    """
    side = _BINS // 2
    padded = nn.functional.pad(frames, (side, side), mode="reflect")
    shifted = list(padded.unfold(-1, frames.shape[-1], 1).unbind(-2))
    for turn in range(_BINS):
        for low in range(turn % 2, _BINS - 1, 2):
            pair = shifted[low], shifted[low + 1]
            shifted[low], shifted[low + 1] = torch.minimum(*pair), torch.maximum(*pair)
    return shifted[side]
