"""The order of a run's latents, trained when it is first asked for and kept beside the data."""

from typing import Final

import torch

from tsumami.training.checkpoint import save_whole
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.flow_models import FlowDis, Invertible
from tsumami.training.macros.labels import Labeller
from tsumami.training.macros.ordering import STEPS, Order, digest_of, new_flow, order_latents
from tsumami.training.macros.run import Run
from tsumami.training.macros.variations import variations
from tsumami.training.progress import counting

_LEAST_VARIATIONS: Final = 1000
"""A run on fewer is a rehearsal, and so is its order."""
_REHEARSAL_STEPS: Final = 10


def order_of(run: Run, corpus: Corpus) -> Order | None:
    """The order of the run's latents, where the corpus's macros are measured; it takes a minute to train.

    None for a model that has latents of macros already or none at all, and where people's tags name them.
    """
    if not isinstance(run.model, Invertible) or isinstance(run.model, FlowDis):
        return None
    labeller = Labeller.of(corpus.train)
    if labeller.quartiles is None:
        return None
    steps = STEPS if run.variations >= _LEAST_VARIATIONS else _REHEARSAL_STEPS
    path = corpus.folder / f"order-{digest_of(run.model, corpus)}-{steps}.pt"
    if path.exists():
        flow = new_flow(run.model)
        flow.load_state_dict(torch.load(path, weights_only=True))
        return Order(flow.requires_grad_(False).eval(), labeller.pairs[: run.model.shape.parameters])
    with counting("order of the latents") as show:
        more = variations(corpus, run.variations, progress=show) if run.variations else None
        order = order_latents(run.model, corpus, more, run.seed, steps, progress=show)
    save_whole(order.flow.state_dict(), path)
    return order
