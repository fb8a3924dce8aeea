"""A macros model that listens: parameters of a sound."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError, ParameterError
from tsumami.engine.inference.contract import Contract
from tsumami.engine.inference.contract_file import contract_of, load_bytes, name_of
from tsumami.engine.inference.contract_tensors import MEL_SHAPE, check_part, check_tensors
from tsumami.engine.inference.graph import keep_outputs
from tsumami.engine.inference.provider import open_on

_REMEDY = "train one that does with `tsumami train macros --data`"


class SoundModel:
    """The listening part of a model of kind macros, on the CPU.

    `ModelError` when the file is not a macros model of the contract, or one without that part.
    """

    def __init__(self, model: str | Path | bytes) -> None:
        name, content = name_of(model), load_bytes(model)
        whole = open_on(content, name, "cpu")
        self.contract: Contract = contract_of(whole, name, "macros")
        check_tensors(whole, self.contract, name)
        check_part(whole, "predicted", name, _REMEDY)
        self._outputs = ["predicted", *(["chosen"] if self.contract.context_size else [])]
        self._session: Any = open_on(keep_outputs(content, *self._outputs), name, "cpu")
        self._inputs = {
            tensor.name: np.zeros(tensor.shape, np.float32) for tensor in self._session.get_inputs()
        }

    def listen(self, mel: npt.ArrayLike) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Positions 0-1 of the continuous parameters [P], and the likeliest choices of the discrete ones [D].

        ``mel`` is the linear mel power [64, 80] of a sound. The same one always gives the same answer.
        `ParameterError` for another shape, or for what is no power: below 0 or not finite.
        """
        power = np.asarray(mel, np.float32)
        if power.shape != MEL_SHAPE or not (np.isfinite(power) & (power >= 0)).all():
            raise ParameterError(
                f"mel must be {MEL_SHAPE[0]} × {MEL_SHAPE[1]} finite powers of at least 0, "
                f"got shape {power.shape} or other numbers"
            )
        self._inputs["mel"][0] = power
        predicted, *chosen = self._session.run(self._outputs, self._inputs)
        positions: npt.NDArray[np.float32] = predicted[0]
        if not np.isfinite(positions).all():
            raise ModelError(f"model {self.contract.name} must answer with numbers, got NaN; train it again")
        return positions, self._likeliest(chosen[0][0] if chosen else np.zeros(0, np.float32))

    def _likeliest(self, probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        counts = [len(row.choices) for row in self.contract.discrete]
        parts = np.split(probabilities, np.cumsum(counts)[:-1]) if counts else []
        return np.array([part.argmax() for part in parts], np.int64)
