"""What an exported model does, done by torch: the other side of `tsumami bench inference`."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import Contract
from tsumami.training.macros.flow_models import Invertible
from tsumami.training.macros.run import load_run


def run_calls(
    folder: Path, contract: Contract, feed: Mapping[str, npt.NDArray[np.float32]]
) -> dict[str, Callable[[], object]]:
    """``listen``, ``decode`` and ``encode``, as far as the run can, on the arrays of ``feed`` and one thread.

    ``feed`` has the inputs of the exported model by name. Raises `ModelError` for a run that the model with
    this ``contract`` was not exported from.
    """
    run = load_run(folder)
    training = contract.training
    if (run.corpus_hash, run.seed, run.command) != (training.data_hash, training.seed, training.command):
        raise ModelError(f"run must be the one that {contract.name} was exported from, got {folder}")
    torch.set_num_threads(1)
    model = run.model

    def call(step: Callable[[], object]) -> Callable[[], object]:
        return torch.inference_mode()(step)

    calls = {"listen": call(lambda: run.predict(feed["mel"]))}
    if isinstance(model, Invertible):
        latent, parameters = (torch.from_numpy(feed[name]) for name in ("latent", "parameters"))
        context = torch.from_numpy(feed["context"]) if "context" in feed else None
        calls["decode"] = call(lambda: model.values(latent, context))
        calls["encode"] = call(lambda: model.latents(parameters, context))
    return calls
