"""A streaming model's buffers, allocated once: inputs, and two alternating sets of outputs and states.

The step of parity p reads the states of set 1 - p and writes set p. So the states before the last step
stay until the next one, and taking a step back is only a change of parity.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime

Array = npt.NDArray[np.float32]
Arrays = dict[str, Array]

_ALIGNMENT = 16  # samples: 64 bytes, one cache line
_NEXT = "next_"


class Binding(Protocol):
    """What `tsumami.engine.inference.inference.Inference` runs."""

    def run(self, parity: int) -> None:
        """Compute outputs and states of set ``parity`` from the inputs and the other set's states."""
        ...

    def outputs(self, parity: int) -> Mapping[str, Array]:
        """Outputs other than states, of set ``parity``."""
        ...

    def written(self, parity: int) -> Array:
        """One flat array over the outputs, and the states where they are in reach, of set ``parity``."""
        ...

    def read_states(self, parity: int) -> Arrays:
        """Copies of the states of set ``parity``, by their input names."""
        ...

    def write_states(self, parity: int, states: Mapping[str, Array]) -> None:
        """Set the states of set ``parity``."""
        ...


def bind_arrays(session: Any, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Any:
    """An ``IOBinding`` straight onto numpy arrays, which must outlive it."""
    binding = session.io_binding()
    for name, array in inputs.items():
        binding.bind_input(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
    for name, array in outputs.items():
        binding.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
    return binding


def allocate(tensors: Mapping[str, tuple[int, ...]]) -> tuple[Array, Arrays]:
    """One flat array of zeros with room for all ``tensors``, and the views of each, cache lines apart."""
    sizes = [-(-int(np.prod(shape)) // _ALIGNMENT) * _ALIGNMENT for shape in tensors.values()]
    flat = np.zeros(sum(sizes), np.float32)
    starts = np.cumsum([0, *sizes[:-1]])
    views = {
        name: flat[start : start + int(np.prod(shape))].reshape(shape)
        for (name, shape), start in zip(tensors.items(), starts, strict=True)
    }
    return flat, views


def allocate_inputs(session: Any) -> Arrays:
    """Host arrays for the inputs of a session that are not states."""
    return allocate(_shapes(session.get_inputs(), states=False))[1]


def _shapes(tensors: Any, states: bool, prefix: str = "") -> dict[str, tuple[int, ...]]:
    """Shapes by name of the tensors that are, or are not, states."""
    return {
        tensor.name: tuple(tensor.shape)
        for tensor in tensors
        if tensor.name.startswith(f"{prefix}state_") == states
    }


class HostBinding:
    """Buffers in host memory that ONNX Runtime reads and writes in place."""

    def __init__(self, session: Any, inputs: Arrays) -> None:
        self._session = session
        self._state_names = list(_shapes(session.get_inputs(), states=True))
        outputs = {tensor.name: tuple(tensor.shape) for tensor in session.get_outputs()}
        self._flat, self._views = zip(*(allocate(outputs) for _ in range(2)), strict=True)
        names = _shapes(session.get_outputs(), states=False, prefix=_NEXT)
        self._outputs = [{name: views[name] for name in names} for views in self._views]
        self._bindings = [
            bind_arrays(session, {**inputs, **self._states(1 - parity)}, self._views[parity])
            for parity in range(2)
        ]

    def run(self, parity: int) -> None:
        """See `Binding.run`."""
        self._session.run_with_iobinding(self._bindings[parity])

    def outputs(self, parity: int) -> Arrays:
        """See `Binding.outputs`."""
        return self._outputs[parity]

    def written(self, parity: int) -> Array:
        """See `Binding.written`."""
        flat: Array = self._flat[parity]
        return flat

    def read_states(self, parity: int) -> Arrays:
        """See `Binding.read_states`."""
        return {name: array.copy() for name, array in self._states(parity).items()}

    def write_states(self, parity: int, states: Mapping[str, Array]) -> None:
        """See `Binding.write_states`."""
        for name, array in self._states(parity).items():
            np.copyto(array, states[name])

    def _states(self, parity: int) -> Arrays:
        return {name: self._views[parity][_NEXT + name] for name in self._state_names}


class DeviceBinding:
    """Buffers on a device, at fixed addresses so that each parity replays its own CUDA graph.

    States never leave the device; inputs are copied to it before a run, outputs from it after.
    """

    def __init__(self, session: Any, inputs: Arrays, device: str = "cuda") -> None:
        self._session = session
        self._device = device
        self._inputs = inputs
        outputs = _shapes(session.get_outputs(), states=False, prefix=_NEXT)
        self._flat, self._outputs = zip(*(allocate(outputs) for _ in range(2)), strict=True)
        states = _shapes(session.get_inputs(), states=True)
        self._device_inputs = self._on_device({name: array.shape for name, array in inputs.items()})
        self._device_outputs = [self._on_device(outputs) for _ in range(2)]
        self._device_states = [self._on_device(states) for _ in range(2)]
        self._bindings = [self._bind(parity) for parity in range(2)]
        self._run_options = [self._graph_of(parity) for parity in range(2)]

    def run(self, parity: int) -> None:
        """See `Binding.run`."""
        for name, value in self._device_inputs.items():
            value.update_inplace(self._inputs[name])
        self._session.run_with_iobinding(self._bindings[parity], self._run_options[parity])
        for name, value in self._device_outputs[parity].items():
            np.copyto(self._outputs[parity][name], value.numpy())

    def outputs(self, parity: int) -> Arrays:
        """See `Binding.outputs`."""
        views: Arrays = self._outputs[parity]
        return views

    def written(self, parity: int) -> Array:
        """See `Binding.written`; a state that is not finite shows in the next step's outputs."""
        flat: Array = self._flat[parity]
        return flat

    def read_states(self, parity: int) -> Arrays:
        """See `Binding.read_states`."""
        return {name: np.array(value.numpy()) for name, value in self._device_states[parity].items()}

    def write_states(self, parity: int, states: Mapping[str, Array]) -> None:
        """See `Binding.write_states`."""
        for name, value in self._device_states[parity].items():
            value.update_inplace(np.ascontiguousarray(states[name]))

    def _on_device(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
        return {
            name: onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros(shape, np.float32), self._device, 0)
            for name, shape in shapes.items()
        }

    def _bind(self, parity: int) -> Any:
        binding = self._session.io_binding()
        for name, value in {**self._device_inputs, **self._device_states[1 - parity]}.items():
            binding.bind_ortvalue_input(name, value)
        for name, value in self._device_outputs[parity].items():
            binding.bind_ortvalue_output(name, value)
        for name, value in self._device_states[parity].items():
            binding.bind_ortvalue_output(_NEXT + name, value)
        return binding

    def _graph_of(self, parity: int) -> Any:
        """Run options under which CUDA captures, and later replays, the graph of one parity."""
        options = onnxruntime.RunOptions()
        options.add_run_config_entry("gpu_graph_id", str(parity + 1))
        return options
