"""The corpus that a model was trained on, found by the model's own table in the data set that is given."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError, ParameterError
from tsumami.engine.inference.contract import Contract
from tsumami.plugins.presets.parameter_lists import parameter_list

if TYPE_CHECKING:
    from tsumami.training.macros.corpus import Corpus

_LISTS: Final = ("16", "32", "all")


def corpus_of(data: Path, contract: Contract, path: Path) -> "Corpus":
    """What the model in ``path`` was trained on: ``data``, reduced to its parameters.

    Raises `ModelError` for a model that was trained on other data, and without the libraries of training.
    """
    try:
        from tsumami.training.macros.corpus import open_corpus
        from tsumami.training.macros.rendered_set import RenderedSet
    except ImportError as error:
        raise ModelError(
            f"libraries of training must be installed to hold sounds out, got no {error.name}; "
            "pip install 'tsumami[training]'"
        ) from None
    source = RenderedSet(data)
    names = sorted(parameter.name for parameter in contract.parameters)
    for choice in _LISTS:
        with contextlib.suppress(ParameterError):  # a list that the instrument has not
            if sorted(parameter_list(source.name, choice, source.parameters)) == names:
                corpus = open_corpus(data, choice)
                if corpus.hash == contract.training.data_hash:
                    return corpus
    raise ModelError(
        f"model must be trained on {data}, got {path} trained on {contract.training.data}, "
        f"{contract.training.data_hash}"
    )


def spread_rows(total: int, count: int) -> npt.NDArray[np.int64]:
    """``count`` rows of ``total`` at even distances, in order; all of them where there are fewer."""
    return np.unique(np.linspace(0, total - 1, count).round().astype(np.int64))
