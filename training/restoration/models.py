"""The models by name, in the order of the tables."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tsumami.training.restoration.frequency_blstm import FrequencyBlstm
from tsumami.training.restoration.gate import Gate, HpssGate
from tsumami.training.restoration.lstm import FilterLstm, Lstm
from tsumami.training.restoration.predictor import Predictor, Shape
from tsumami.training.restoration.time_blstm import FilterTimeBlstm

TIME: Final = "filter_time_BLSTM"
FREQUENCY: Final = "frequency_BLSTM"
MEAN: Final = "QDLSTM"
"""Made of the two above, and not trained."""
PARENTS: Final = (TIME, FREQUENCY)
"""The models that `GATES` choose between, which are trained first."""

ALONE: Final[Mapping[str, type[Lstm | FilterTimeBlstm | FrequencyBlstm]]] = MappingProxyType(
    {"LSTM": Lstm, "filter_LSTM": FilterLstm, TIME: FilterTimeBlstm, FREQUENCY: FrequencyBlstm}
)
GATES: Final[Mapping[str, type[Gate]]] = MappingProxyType({"QDLSTM_gate": Gate, "QDLSTM_gate_HPSS": HpssGate})

TRAINED: Final = (*ALONE, *GATES)
ROWS: Final = (*ALONE, MEAN, *GATES)


def make_model(name: str, shape: Shape) -> Predictor:
    """A model of `TRAINED` with random weights; a gate's parents are random too, and frozen."""
    if name in ALONE:
        return ALONE[name](shape)
    return GATES[name](shape, *(ALONE[parent](shape) for parent in PARENTS))
