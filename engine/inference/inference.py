"""A model as the inference thread runs it: no allocation per step, deadlines counted, one step back."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsumami.engine.inference.binding import (
    Array,
    Arrays,
    Binding,
    DeviceBinding,
    HostBinding,
    allocate_inputs,
)
from tsumami.engine.inference.contract import Contract, ModelKind
from tsumami.engine.inference.contract_file import contract_of, load_bytes, name_of
from tsumami.engine.inference.contract_tensors import check_tensors
from tsumami.engine.inference.provider import Provider, open_on, provider_of
from tsumami.engine.meters import Histogram, count_non_finite, new_histogram, record_duration

_BINDINGS: dict[Provider, Callable[[Any, Arrays], Binding]] = {"cpu": HostBinding, "cuda": DeviceBinding}
_WARM_UP_STEPS = 8  # CUDA captures its graphs within the first few runs


@dataclass(slots=True)
class InferenceCounters:
    """What happened since the last `Inference.prepare`."""

    steps: int = 0
    late: int = 0
    """Steps that ended after their deadline."""
    non_finite: int = 0
    """Steps whose result held NaN or infinity; their states were taken back."""
    stepped_down: int = 0
    """1 when CUDA missed too often and the CPU took over."""


class Inference:
    """A streaming model (kinds restoration, groove, loops, timbre) with its states.

    Write the arrays of `inputs`, call `step`, read the arrays of `outputs`. States go round on their own;
    `rollback` forgets the last step. Lives on one thread at a time. `ModelError` when the file is not a
    model of the contract, or a forced ``provider`` does not load.

    With ``provider`` "auto" on CUDA, ``misses_to_step_down`` late steps in a row hand over to the CPU, once
    and for good; its session is warm from `prepare` on, and the states go along.
    """

    def __init__(
        self,
        model: str | Path | bytes,
        provider: Provider = "auto",
        kind: ModelKind | None = None,
        *,
        misses_to_step_down: int = 8,
    ) -> None:
        name, content = name_of(model), load_bytes(model)
        session = open_on(content, name, provider, fixed_addresses=True)
        self.contract: Contract = contract_of(session, name, kind)
        check_tensors(session, self.contract, name)
        self.provider: Provider = provider_of(session)
        self.counters = InferenceCounters()
        self.load: Histogram = new_histogram()
        """Nanoseconds per step; see `tsumami.engine.meters`."""
        self.inputs: Arrays = allocate_inputs(session)
        """The model's inputs other than states, to be written in place."""
        self._binding: Binding = _BINDINGS[self.provider](session, self.inputs)
        self._fallback: Binding | None = None
        if provider == "auto" and self.provider == "cuda":
            self._fallback = HostBinding(open_on(content, name, "cpu"), self.inputs)
        self._misses_to_step_down = misses_to_step_down
        self._misses_in_a_row = 0
        self._parity = 0
        self._can_roll_back = False

    @property
    def outputs(self) -> Mapping[str, Array]:
        """Results of the last step that was not rolled back, valid until the step after the next."""
        return self._binding.outputs(self._parity)

    def prepare(self) -> None:
        """Warm up (with zeros; shapes are fixed, so these are the largest) and begin from cleared states."""
        for array in self.inputs.values():
            array.fill(0)
        for binding in (self._binding, self._fallback):
            if binding is not None:
                for step in range(_WARM_UP_STEPS):
                    binding.run(step % 2)
                    count_non_finite(binding.written(0))
        self.counters = InferenceCounters()
        self.load.fill(0)
        self._misses_in_a_row = 0
        self.reset()

    def reset(self) -> None:
        """Clear the states; counters stay."""
        states = self._binding.read_states(self._parity)
        for state in states.values():
            state.fill(0)
        self._binding.write_states(self._parity, states)
        self._can_roll_back = False

    def step(self, deadline_ns: int | None = None) -> bool:
        """Run once; whether the result is of use. [inference thread]

        ``deadline_ns`` is on the clock of `time.perf_counter_ns`. A late result is counted and complete:
        use it, or `rollback`. A result that is not finite is counted and rolled back already.
        """
        began = time.perf_counter_ns()
        self._parity = 1 - self._parity
        self._can_roll_back = True
        self._binding.run(self._parity)
        is_finite = count_non_finite(self._binding.written(self._parity)) == 0
        ended = time.perf_counter_ns()
        record_duration(self.load, ended - began)
        self.counters.steps += 1
        if not is_finite:
            self.counters.non_finite += 1
            self.rollback()
        return self._is_in_time(ended, deadline_ns) and is_finite

    def rollback(self) -> None:
        """Forget the last step: the next one starts from the states before it. Twice is the same as once."""
        if self._can_roll_back:
            self._parity = 1 - self._parity
            self._can_roll_back = False

    def _is_in_time(self, ended_ns: int, deadline_ns: int | None) -> bool:
        """Count a late step; after too many in a row, step down."""
        if deadline_ns is None or ended_ns <= deadline_ns:
            self._misses_in_a_row = 0
            return True
        self.counters.late += 1
        self._misses_in_a_row += 1
        if self._fallback is not None and self._misses_in_a_row >= self._misses_to_step_down:
            self._step_down(self._fallback)
        return False

    def _step_down(self, fallback: Binding) -> None:
        """Hand both sets to the CPU, for good; the last result and a rollback of it still work."""
        for parity in range(2):
            fallback.write_states(parity, self._binding.read_states(parity))
            for name, array in self._binding.outputs(parity).items():
                np.copyto(fallback.outputs(parity)[name], array)
        self._binding, self._fallback = fallback, None
        self.provider = "cpu"
        self.counters.stepped_down += 1
        self._misses_in_a_row = 0
