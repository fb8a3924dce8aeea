"""Macros of a latent that was not trained to have any: the axes along which what people name changes.

The axis of a macro is the gradient of a ridge regression, from the latents of the training presets to what is
said of them (paper, section 3.2: pairs of tags): ±1 for a person's tags, of which a preset may have neither,
or a descriptor in standard units where no preset is tagged. Axes lean towards each other as far as what they
are named after does. At right angles, or with the others' effects taken out (a pseudo-inverse), they were
tried and did less of what they are called: no parameter of a synthesizer does one thing alone.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import RidgeCV

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import Contract, Latent
from tsumami.engine.macros import MacroDecoder
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.descriptors import MACROS
from tsumami.training.macros.labels import Labeller
from tsumami.training.macros.scaling import Scale
from tsumami.training.macros.sounds import Sounds, Values

Latents = npt.NDArray[np.float64]

_PENALTIES: Final = np.logspace(-1, 4, 11)
_RANGE: Final = (0.02, 0.98)
"""A knob goes over the places of all training presets but so many."""
_LEAST_RANGE: Final = 0.1
_SHORTEST: Final = 1e-12
_DECIMALS: Final = 6


def named_latents(decoder: MacroDecoder, corpus: Corpus) -> tuple[Latent, ...]:
    """The contract's rows for the latents of a model, the leading ones named as macros with a direction.

    Directions have the length 1. A model that has macros already keeps them. Raises `ModelError` for one of
    other parameters than the corpus.
    """
    contract = decoder.contract
    check_parameters(contract, corpus)
    if contract.latents[0].low:
        return contract.latents
    latents = encode_all(decoder, corpus.train.values)
    pairs, targets = _targets(corpus.train)
    macros = [_macro(*row, latents) for row in zip(pairs, targets.T, strict=True)]
    return (*macros, *contract.latents[len(macros) :])[: len(contract.latents)]


def check_parameters(contract: Contract, corpus: Corpus) -> None:
    """Raises `ModelError` for a model of other parameters than the corpus."""
    if tuple(row.name for row in contract.parameters) != corpus.parameters:
        raise ModelError(
            f"parameters of {contract.name} must be the {len(corpus.parameters)} of {corpus.name} in the "
            "data, got others; give the data and --parameters that it was trained with"
        )


def encode_all(decoder: MacroDecoder, values: Values) -> Latents:
    """The latents float64 ``[n, L]`` of presets ``[n, parameters]``, positions 0-1."""
    continuous, discrete = _columns(decoder.contract)
    last = np.array([len(row.choices) - 1 for row in decoder.contract.discrete])
    choices = np.rint(values[:, discrete] * last).astype(np.int64)
    return np.stack(
        [
            np.array(decoder.encode(row, decoder.context_of(chosen)), np.float64)
            for row, chosen in zip(values[:, continuous], choices, strict=True)
        ]
    )


def _columns(contract: Contract) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    discrete = np.array([row.is_discrete for row in contract.parameters])
    return np.flatnonzero(~discrete), np.flatnonzero(discrete)


def _targets(sounds: Sounds) -> tuple[list[tuple[str, str]], Latents]:
    """Pairs of words, and what is said of every sound, ``[n, pairs]``; NaN where nothing is."""
    labeller = Labeller.of(sounds)
    if labeller.quartiles is not None:
        units = Scale.fit(sounds.descriptors).to_units(sounds.descriptors)
        rows = [MACROS.index(high) for _, high in labeller.pairs]
        return list(labeller.pairs), units[:, rows].astype(np.float64)
    labels = labeller.labels(sounds).astype(np.float64)
    return list(labeller.pairs), np.where(labels == 0.0, np.nan, labels)


def _macro(pair: tuple[str, str], target: Latents, latents: Latents) -> Latent:
    known = np.isfinite(target)
    weights = np.asarray(RidgeCV(_PENALTIES).fit(latents[known], target[known]).coef_, np.float64)
    direction = (weights / max(float(np.linalg.norm(weights)), _SHORTEST)).round(_DECIMALS)
    low, high = np.quantile(latents @ direction / (direction @ direction), _RANGE).tolist()
    high = max(high, low + _LEAST_RANGE)
    return Latent(pair[1], *pair, round(low, 4), round(high, 4), tuple(direction.tolist()))
