"""An exported model held against the one that it was made of."""

from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from tsumami.engine.errors import ModelError
from tsumami.engine.macro_model import MacroModel
from tsumami.engine.sound_model import SoundModel
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.flow_models import Invertible
from tsumami.training.macros.head_models import HasHeads
from tsumami.training.macros.heads import ChoiceTable
from tsumami.training.macros.run import Run
from tsumami.training.macros.sounds import join

Values = npt.NDArray[np.float32]

TOLERANCE: Final = 1e-4
"""How far a position may be from torch's: float32, summed in other orders."""

_SOUNDS: Final = 64


def measure_listening(content: bytes, run: Run, corpus: Corpus) -> dict[str, float]:
    """The largest ``listening_error`` of a position; of a model with heads, ``validation_accuracy`` too.

    Raises `ModelError` when the error is above `TOLERANCE`, as it is when another choice is the likeliest.
    """
    mels, torchs = corpus.valid.mel, run.predict(corpus.valid.mel)
    table = run.model.table if isinstance(run.model, HasHeads) else None
    heard = _listen(content, mels[:_SOUNDS], table)
    error = float(np.abs(heard - torchs[:_SOUNDS]).max())
    if not error <= TOLERANCE:
        raise ModelError(
            f"exported model must answer as it does in torch, within {TOLERANCE:g}, got {error:g} off; "
            "train it on until its weights are finite and small"
        )
    if table is None:
        return {"listening_error": error}
    accuracy = table.agreement(torch.from_numpy(torchs), torch.from_numpy(corpus.valid.values))
    return {"listening_error": error, "validation_accuracy": accuracy}


def measure_round_trip(content: bytes, model: Invertible, corpus: Corpus) -> float:
    """The largest change of a position of any preset of ``corpus`` on its way to its latent and back."""
    values = join((corpus.train, corpus.valid, corpus.test)).values
    continuous, context = model.known(torch.from_numpy(values))
    presets = continuous.numpy()
    contexts = np.zeros((len(presets), 0), np.float32) if context is None else context.numpy()
    exported = MacroModel(content, "cpu")
    errors = [
        np.abs(exported.decode(exported.encode(preset, given).copy(), given) - preset).max()
        for preset, given in zip(presets, contexts, strict=True)
    ]
    return float(max(errors))


def _listen(content: bytes, mels: Values, table: ChoiceTable | None) -> Values:
    """Positions of all parameters ``[n, parameters]``, as the engine hears them."""
    model = SoundModel(content)
    positions, choices = (
        torch.from_numpy(np.stack(part)) for part in zip(*map(model.listen, mels), strict=True)
    )
    return (positions if table is None else table.join(positions, choices)).numpy()
