"""A macro model file turned into a processor for one instrument."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from tsumami.engine.config import MacroLabel
from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import ModelParameter
from tsumami.engine.inference.provider import Provider
from tsumami.engine.macros import MacroProcessor
from tsumami.engine.macros.model import MacroModel
from tsumami.engine.parameter import Parameter


@dataclass(frozen=True, slots=True)
class LoadedMacros:
    """A processor that is ready to run, where its model runs, and what its knobs are called."""

    processor: MacroProcessor
    provider: str
    labels: tuple[MacroLabel, ...]


def load_macros(
    path: str, provider: str, parameters: Sequence[Parameter], axes: Sequence[Sequence[float]] = ()
) -> LoadedMacros:
    """Load a model and warm it up; it may have all of the instrument's parameters, or some of them.

    ``axes`` are directions of its latent that the macros move along instead of their own. `ModelError` when
    it is not for an instrument with these parameters, or the axes are none.
    """
    model = MacroModel(path, cast(Provider, provider))
    rows = _rows(path, model.contract.parameters, parameters)
    model.prepare()
    processor = MacroProcessor(model, len(parameters), directions=axes or None, rows=rows)
    named = model.latents[: len(processor.names)]
    labels = tuple(MacroLabel(latent.name, latent.low, latent.high) for latent in named)
    return LoadedMacros(processor, model.provider, labels)


def _rows(path: str, table: Sequence[ModelParameter], parameters: Sequence[Parameter]) -> list[int]:
    """Where in the instrument's table each row of the model's stands, by name.

    What the model moves may have steps there, but what it takes for steps must have as many. Hosts and
    formats call the steps of a plugin differently, so their texts need not be the same.
    """
    places = {parameter.name: place for place, parameter in enumerate(parameters)}
    for row in table:
        place = places.get(row.name)
        if place is None or (row.is_discrete and len(row.choices) != len(parameters[place].choices)):
            raise ModelError(
                f"model {path!r} must be trained for this instrument, got another parameter table "
                f"(they differ at {row.name}); train one with `tsumami train macros`"
            )
    return [places[row.name] for row in table]
