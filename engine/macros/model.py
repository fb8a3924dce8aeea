"""A macros model, both ways: parameters of a latent, and latent of parameters."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.binding import Array, Arrays, allocate, bind_arrays
from tsumami.engine.inference.contract import Contract, Latent
from tsumami.engine.inference.contract_file import contract_of, load_bytes, name_of
from tsumami.engine.inference.contract_tensors import check_part, check_tensors
from tsumami.engine.inference.graph import keep_outputs
from tsumami.engine.inference.provider import Provider, open_on, provider_of

_WARM_UP_RUNS = 4
_REMEDY = "train one that can be undone: `tsumami train macros --data D --model Flow_coupling`"


class MacroModel:
    """`decode` and `encode` of a model of kind macros, each with a session and buffers of its own.

    The two directions are cut apart before loading (see `tsumami.engine.inference.graph`), so that neither
    pays for the other. On CUDA the arrays are copied over by ONNX Runtime. `ModelError` when the file is not
    a two-way macros model of the contract, or a forced ``provider`` does not load.
    """

    def __init__(self, model: str | Path | bytes, provider: Provider = "auto") -> None:
        name, content = name_of(model), load_bytes(model)
        whole = open_on(content, name, provider)
        self.contract: Contract = contract_of(whole, name, "macros")
        check_tensors(whole, self.contract, name)
        check_part(whole, "decoded", name, _REMEDY)
        self.provider: Provider = provider_of(whole)
        self._decoder = _Direction(keep_outputs(content, "decoded"), name, self.provider, "decoded")
        self._encoder = _Direction(keep_outputs(content, "encoded"), name, self.provider, "encoded")

    @property
    def latents(self) -> tuple[Latent, ...]:
        """Names, labels and ranges of the latent's dimensions."""
        return self.contract.latents

    def prepare(self) -> None:
        """Warm both directions up."""
        for direction in (self._decoder, self._encoder):
            for _ in range(_WARM_UP_RUNS):
                direction.run()

    def decode(self, latent: npt.ArrayLike, context: npt.ArrayLike) -> Array:
        """Continuous parameters [P] at ``latent`` [L] and ``context`` [C]. [inference thread]

        Nothing holds them within 0-1. The array is valid until the next decode.
        """
        return self._decoder("latent", latent, context)

    def encode(self, parameters: npt.ArrayLike, context: npt.ArrayLike) -> Array:
        """Latent [L] of continuous ``parameters`` [P], 0-1, and ``context`` [C]. [inference thread]

        The array is valid until the next encode.
        """
        return self._encoder("parameters", parameters, context)

    def context_of(self, choices: npt.ArrayLike) -> Array:
        """Context [C] of the discrete parameters' choices, given as indices in the order of the table."""
        indices = np.asarray(choices, np.int64)
        rows = self.contract.discrete
        if indices.shape != (len(rows),):
            raise ModelError(f"choices must be one per discrete parameter ({len(rows)}), got {indices.size}")
        context = np.zeros(self.contract.context_size, np.float32)
        start = 0
        for row, index in zip(rows, indices, strict=True):
            if not 0 <= index < len(row.choices):
                raise ModelError(f"choice of {row.name} must be in 0-{len(row.choices) - 1}, got {index}")
            context[start + index] = 1
            start += len(row.choices)
        return context


class _Direction:
    """One session with one output, over arrays of its own."""

    def __init__(self, model: bytes, name: str, provider: Provider, output: str) -> None:
        self._session: Any = open_on(model, name, provider)
        shapes = {
            tensor.name: tuple(tensor.shape)
            for tensor in (*self._session.get_inputs(), *self._session.get_outputs())
        }
        self._arrays: Arrays = allocate(shapes)[1]
        self._output: Array = self._arrays[output][0]
        inputs = {tensor.name: self._arrays[tensor.name] for tensor in self._session.get_inputs()}
        self._context = inputs.get("context", np.zeros((1, 0), np.float32))
        self._binding = bind_arrays(self._session, inputs, {output: self._arrays[output]})

    def __call__(self, source: str, values: npt.ArrayLike, context: npt.ArrayLike) -> Array:
        self._arrays[source][0] = values
        self._context[0] = context
        self.run()
        return self._output

    def run(self) -> None:
        self._session.run_with_iobinding(self._binding)
