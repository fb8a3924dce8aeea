"""What stands in the table: baselines, trained runs and what is made of two of them, one shape for all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

from tsumami.training.restoration.baselines import (
    BASELINES,
    INTERPOLATE,
    INTERPOLATE_GAPS,
    REPEAT,
    ZERO,
)
from tsumami.training.restoration.models import FREQUENCY, MEAN, PARENTS, ROWS
from tsumami.training.restoration.run import Run, mean_of, predict
from tsumami.training.restoration.spectra import Magnitudes
from tsumami.training.restoration.windows import WINDOW, predict_tune

_PAST: Final = "the past"
_ONE: Final = "both sides of 1 frame"
_SIX: Final = "both sides of 6 frames"

GIVEN: Final[Mapping[str, str]] = MappingProxyType(
    {
        ZERO: "nothing",
        REPEAT: _PAST,
        INTERPOLATE: _ONE,
        INTERPOLATE_GAPS: _SIX,
        **dict.fromkeys(ROWS, _ONE),
        "LSTM": _PAST,
        "filter_LSTM": _PAST,
        FREQUENCY: _SIX,
    }
)
"""What each row is given to predict from."""


@dataclass(frozen=True, slots=True)
class Method:
    """A row, and its way from a whole tune ``[frames, BINS]`` to predictions of its inner frames."""

    name: str
    predict: Callable[[Magnitudes], Magnitudes]


def methods_of(runs: Mapping[str, Run]) -> Iterator[Method]:
    """Every baseline, then every model that one fold's ``runs`` have, by name, in the order of the table."""
    for name, baseline in BASELINES.items():
        yield Method(name, partial(predict_tune, baseline, span=WINDOW))
    for name in ROWS:
        if name in runs:
            yield Method(name, runs[name].predict)
        elif name == MEAN and runs.keys() >= set(PARENTS):
            yield Method(name, partial(predict, mean_of(*(runs[parent] for parent in PARENTS))))
