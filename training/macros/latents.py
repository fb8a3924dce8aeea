"""Where a trained model puts sounds: the coordinates in which its knobs turn."""

import numpy as np
import numpy.typing as npt
import torch

from tsumami.training.macros.autoencoders import AutoEncoder
from tsumami.training.macros.run import Run

Values = npt.NDArray[np.float32]

_BATCH = 256


def latents_of(run: object, mel: Values) -> Values | None:
    """Latents float32 ``[n, latents]`` of linear mels ``[n, 64, 80]``; None of what is no autoencoder.

    They are the posterior's means, so that a sound has one place.
    """
    if not isinstance(run, Run) or not isinstance(run.model, AutoEncoder):
        return None
    with torch.inference_mode():
        parts = (mel[first : first + _BATCH] for first in range(0, len(mel), _BATCH))
        return np.concatenate([run.model.embed(run.standardised(part)).numpy() for part in parts])
