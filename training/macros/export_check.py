"""An exported model held against the one that it was made of."""

import copy
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from tsumami.engine.errors import ModelError
from tsumami.engine.macros.model import MacroModel
from tsumami.engine.macros.sound_model import SoundModel
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.flow_models import Invertible
from tsumami.training.macros.flows import Flow
from tsumami.training.macros.head_models import HasHeads
from tsumami.training.macros.heads import ChoiceTable
from tsumami.training.macros.run import Run
from tsumami.training.macros.sounds import join

Values = npt.NDArray[np.float32]

TOLERANCE: Final = 1e-4
"""How far a position may be from torch's: float32, summed in other orders."""

_SOUNDS: Final = 64


def rounded(run: Run) -> Run:
    """The run with weights of half precision, but for flows, which go both ways: its file is half as large.

    By how much its answers change is told by `measure_listening`.
    """
    model = copy.deepcopy(run.model)
    flows = [flow for flow in model.modules() if isinstance(flow, Flow)]
    kept = {id(weight) for flow in flows for weight in flow.parameters()}
    for weight in model.parameters():
        if weight.dim() > 1 and id(weight) not in kept:
            weight.copy_(weight.half())
    other = copy.copy(run)
    other.model = model
    return other


def measure_listening(content: bytes, run: Run, trained: Run, corpus: Corpus) -> dict[str, float]:
    """How a file differs from the `rounded` run that it was made of, and that from the ``trained`` one.

    The largest differences of a position are ``listening_error`` and, among continuous parameters,
    ``rounding_error``; a model with heads has its ``validation_accuracy`` too. Raises `ModelError` when the
    first is above `TOLERANCE`, as it is when another choice is the likeliest.
    """
    mels, table = corpus.valid.mel[:_SOUNDS], run.model.table if isinstance(run.model, HasHeads) else None
    torchs, heard = run.predict(mels), _listen(content, mels, table)
    error = float(np.abs(heard - torchs).max())
    if not error <= TOLERANCE:
        raise ModelError(
            f"exported model must answer as it does in torch, within {TOLERANCE:g}, got {error:g} off; "
            "train it on until its weights are finite and small"
        )
    continuous = slice(None) if table is None else table.continuous
    errors = {
        "listening_error": error,
        "rounding_error": float(np.abs(torchs - trained.predict(mels))[:, continuous].max()),
    }
    if table is None:
        return errors
    predicted = torch.from_numpy(run.predict(corpus.valid.mel))
    return {
        **errors,
        "validation_accuracy": table.agreement(predicted, torch.from_numpy(corpus.valid.values)),
    }


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
