"""A macro model file turned into a processor for one instrument."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from tsumami.engine.config import MacroLabel
from tsumami.engine.errors import ModelError
from tsumami.engine.macro_model import MacroModel
from tsumami.engine.macros import MacroProcessor
from tsumami.engine.parameter import Parameter
from tsumami.engine.provider import Provider


@dataclass(frozen=True, slots=True)
class LoadedMacros:
    """A processor that is ready to run, where its model runs, and what its knobs are called."""

    processor: MacroProcessor
    provider: str
    labels: tuple[MacroLabel, ...]


def load_macros(path: str, provider: str, parameters: Sequence[Parameter]) -> LoadedMacros:
    """Load a model and warm it up; ModelError when it is not for an instrument with these parameters."""
    model = MacroModel(path, cast(Provider, provider))
    table = [(row.name, row.choices) for row in model.contract.parameters]
    wanted = [(parameter.name, parameter.choices) for parameter in parameters]
    if table != wanted:
        unlike = next(
            (ours[0] for ours, theirs in zip(wanted, table, strict=False) if ours != theirs), "their number"
        )
        raise ModelError(
            f"model {path!r} must be trained for this instrument, got another parameter table "
            f"(they differ at {unlike}); train one with `tsumami train macros`"
        )
    model.prepare()
    processor = MacroProcessor(model, len(parameters))
    named = model.latents[: len(processor.names)]
    labels = tuple(MacroLabel(latent.name, latent.low, latent.high) for latent in named)
    return LoadedMacros(processor, model.provider, labels)
