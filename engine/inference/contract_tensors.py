"""The tensors that a model file has, held against its contract; all are float32 and of fixed shapes.

Kind ``macros`` has one or both of two parts. The two-way part goes between latents and parameters:

    inputs   latent [1, L], parameters [1, P], context [1, C]
    outputs  decoded [1, P] = parameters at that latent and context
             encoded [1, L] = latent of those parameters and that context

with L the latents, P the continuous parameters, and C the choices of all discrete parameters: their
one-hot vectors concatenated in the order of the table. The listening part goes from a sound to parameters:

    input    mel [1, 64, 80], the linear mel power of the sound
    outputs  predicted [1, P], positions 0-1 of the continuous parameters
             chosen [1, C], for each discrete parameter the probabilities of its choices
             heard [1, L], where the sound lies among the latents: only beside the two-way part, or not at all

A table without discrete parameters has neither context nor chosen. The other kinds stream: inputs ``x`` and
``state_*``, outputs ``y`` and ``next_state_*`` of the same shapes, any number of states.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import AGAIN, Contract

MEL_SHAPE: Final = (64, 80)
"""Bands and frames of the mel that a model listens to."""

_FLOAT32 = "tensor(float)"


def check_tensors(session: Any, contract: Contract, name: str) -> None:
    """Hold an open session's inputs and outputs against the signature of the contract's kind."""
    inputs = {tensor.name: tensor for tensor in session.get_inputs()}
    outputs = {tensor.name: tensor for tensor in session.get_outputs()}
    for tensor in (*inputs.values(), *outputs.values()):
        _check_tensor(tensor, name)
    if contract.kind == "macros":
        _check_macros(inputs, outputs, contract, name)
    else:
        _check_streaming(inputs, outputs, name)


def check_part(session: Any, output: str, name: str, remedy: str) -> None:
    """Refuse a macros model without the part that makes ``output``."""
    outputs = [tensor.name for tensor in session.get_outputs()]
    if output not in outputs:
        raise ModelError(f"outputs of {name} must hold {output}, got only {', '.join(outputs)}; {remedy}")


def _check_tensor(tensor: Any, name: str) -> None:
    """Type float32, shape of fixed numbers."""
    if tensor.type != _FLOAT32:
        raise ModelError(f"tensor {tensor.name} of {name} must be float32, got {tensor.type}; {AGAIN}")
    if not all(isinstance(size, int) for size in tensor.shape):
        raise ModelError(
            f"shape of {tensor.name} of {name} must be fixed numbers, got {tensor.shape}; {AGAIN}"
        )


def _check_names(side: str, expected: Sequence[str], found: Mapping[str, Any], name: str) -> None:
    if set(expected) != set(found):
        raise ModelError(
            f"{side} of {name} must be {', '.join(expected)}, got {', '.join(found) or 'none'}; {AGAIN}"
        )


def _check_macros(
    inputs: Mapping[str, Any], outputs: Mapping[str, Any], contract: Contract, name: str
) -> None:
    listens = "mel" in inputs
    is_two_way = not listens or "latent" in inputs
    is_discrete = contract.context_size > 0
    tensors = (
        (is_two_way, ("latent", "parameters"), ("decoded", "encoded")),
        (is_two_way and is_discrete, ("context",), ()),
        (listens, ("mel",), ("predicted",)),
        (listens and is_discrete, (), ("chosen",)),
        (listens and is_two_way and "heard" in outputs, (), ("heard",)),
    )
    _check_names("inputs", [each for wanted, names, _ in tensors if wanted for each in names], inputs, name)
    _check_names("outputs", [each for wanted, _, names in tensors if wanted for each in names], outputs, name)
    shapes = macro_shapes(contract)
    for tensor in (*inputs.values(), *outputs.values()):
        shape, reason = shapes[tensor.name]
        if tensor.shape != shape:
            raise ModelError(
                f"shape of {tensor.name} of {name} must be {shape} ({reason}), got {tensor.shape}; {AGAIN}"
            )


def macro_shapes(contract: Contract) -> dict[str, tuple[list[int], str]]:
    """The shape of every tensor that a macros model may have, and where it comes from."""
    latents, continuous, choices = (
        ([1, size], f"{size} {what}")
        for size, what in (
            (len(contract.latents), "latents"),
            (len(contract.continuous), "continuous rows of its parameter table"),
            (contract.context_size, "choices of the discrete rows of its parameter table"),
        )
    )
    return {
        **dict.fromkeys(("latent", "encoded", "heard"), latents),
        **dict.fromkeys(("parameters", "decoded", "predicted"), continuous),
        **dict.fromkeys(("context", "chosen"), choices),
        "mel": ([1, *MEL_SHAPE], "bands and frames of a mel"),
    }


def _check_streaming(inputs: Mapping[str, Any], outputs: Mapping[str, Any], name: str) -> None:
    states = [tensor for tensor in inputs if tensor.startswith("state_")]
    _check_names("inputs", ("x", *(states or ["state_*"] if len(inputs) > 1 else states)), inputs, name)
    _check_names("outputs", ("y", *(f"next_{state}" for state in states)), outputs, name)
    for state in states:
        before, after = inputs[state].shape, outputs[f"next_{state}"].shape
        if before != after:
            raise ModelError(
                f"shape of next_{state} of {name} must be that of {state}, {before}, got {after}; {AGAIN}"
            )
