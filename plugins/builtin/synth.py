"""`BuiltinSynth`: the synthesizer as a stage of the strip."""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.engine.jit import kernel
from tsumami.engine.parameter import Parameter
from tsumami.plugins.builtin.effects import settle_effects
from tsumami.plugins.builtin.kernel import process
from tsumami.plugins.builtin.parameters import PARAMETERS, default_values
from tsumami.plugins.builtin.reverb import (
    DAMPING_HZ,
    DIFFUSER_SECONDS,
    LINE_SECONDS,
    LONGEST_SECONDS,
    SHORTEST_SAMPLE_RATE,
)
from tsumami.plugins.builtin.smoothing import SMOOTHING_SECONDS, jump_to_targets
from tsumami.plugins.builtin.state import (
    HIGHEST_SAMPLE_RATE,
    PERIOD,
    POLYPHONY,
    STATE_DTYPE,
)

_SEED: Final = 0x9E3779B97F4A7C15
_FADE_SECONDS: Final = 0.003
_DRIFT_SECONDS: Final = 0.4
_DRIFT_SPREAD: Final = 0.5
_BLOCK_HZ: Final = 6.0
_CHORUS_TAIL_SECONDS: Final = 0.02
LOWEST_SAMPLE_RATE: Final = max(8_000, SHORTEST_SAMPLE_RATE)


def check_values(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Positions of a whole patch as float32 ``[len(PARAMETERS)]``.

    Raises `ParameterError` when the count is another or a position is not within 0-1.
    """
    positions = np.asarray(values, np.float32)
    if positions.shape != (len(PARAMETERS),):
        raise ParameterError(
            f"patch values must be {len(PARAMETERS)} numbers in one row, got shape {positions.shape}; "
            "start from default_values()"
        )
    wrong = np.flatnonzero(~((positions >= 0) & (positions <= 1)))
    if len(wrong):
        row = int(wrong[0])
        raise ParameterError(
            f"{PARAMETERS[row].name} must be within 0-1, got {positions[row]}; clip it first"
        )
    return positions


@kernel
def _settle(states: Any) -> None:
    """Put every parameter and its consequences in place at once."""
    state = states[0]
    jump_to_targets(state)
    settle_effects(state)


class BuiltinSynth:
    """The embedded instrument: a `tsumami.engine.stage.Stage`.

    Polyphonic up to ``polyphony`` voices (1-16). ``parameters`` is its table; `set_parameters` puts a
    whole patch in place before playing, PARAMETER events move single ones smoothly while it plays.
    Two synthesizers with the same parameters, sample rate and events give the same samples.
    """

    parameters: tuple[Parameter, ...] = PARAMETERS
    latency_samples: int = 0

    def __init__(self, polyphony: int = POLYPHONY) -> None:
        if not 1 <= polyphony <= POLYPHONY:
            raise ParameterError(
                f"polyphony must be in 1-{POLYPHONY}, got {polyphony}; choose one in that range"
            )
        self._polyphony = polyphony
        self._memory = np.zeros(1, STATE_DTYPE)
        self._values = default_values()
        self._sample_rate = 48_000.0
        self.reset()

    @property
    def process_address(self) -> int:
        """Address of the compiled C function."""
        return int(process.address)

    @property
    def state_address(self) -> int:
        """Address of the state record; valid as long as the object lives."""
        return int(self._memory.ctypes.data)

    def prepare(self, sample_rate: float, block_size: int) -> None:  # noqa: ARG002 - any block size will do
        """Get ready to play at ``sample_rate`` in Hz; clears what sounds, keeps the parameters."""
        if not LOWEST_SAMPLE_RATE <= sample_rate <= HIGHEST_SAMPLE_RATE:
            raise ParameterError(
                f"sample rate must be in {LOWEST_SAMPLE_RATE}-{HIGHEST_SAMPLE_RATE} Hz, got {sample_rate}; "
                "48000 is usual"
            )
        self._sample_rate = float(sample_rate)
        self.reset()

    def reset(self) -> None:
        """Clear what sounds; parameters stay, at where they were sent last."""
        state = self._memory[0]
        if state["sample_rate"]:
            self._values = state["target"].astype(np.float32)
        self._memory.view(np.uint8)[:] = 0
        state["sample_rate"] = self._sample_rate
        state["random"] = _SEED
        state["last_pitch"] = -1.0
        state["polyphony"] = self._polyphony
        tick = PERIOD / self._sample_rate
        state["smoothing"] = 1.0 - math.exp(-tick / SMOOTHING_SECONDS)
        state["fade_step"] = tick / _FADE_SECONDS
        pull = tick / _DRIFT_SECONDS
        state["drift_pull"] = pull
        state["drift_push"] = _DRIFT_SPREAD * math.sqrt(3.0 * pull * (2.0 - pull))
        self._reset_effects(state["effects"])
        self.set_parameters(self._values)

    def _reset_effects(self, effects: Any) -> None:
        rate = self._sample_rate
        effects["line_length"] = np.rint(np.array(LINE_SECONDS) * rate)
        effects["diffuser_length"] = np.rint(np.array(DIFFUSER_SECONDS) * rate)
        effects["damping"] = 1.0 - math.exp(-2.0 * math.pi * min(DAMPING_HZ, 0.3 * rate) / rate)
        effects["block_pole"] = 1.0 - math.exp(-2.0 * math.pi * _BLOCK_HZ / rate)
        tail = LONGEST_SECONDS + _CHORUS_TAIL_SECONDS
        effects["longest_tail_ticks"] = math.ceil(tail * rate / PERIOD)
        effects["quiet_ticks"] = effects["longest_tail_ticks"] + 1

    def set_parameters(self, values: npt.ArrayLike) -> None:
        """Put all parameters in place at once, without smoothing: before playing, not while it sounds.

        ``values`` are the positions 0-1 of the whole table; `ParameterError` when they are not.
        """
        self._values = check_values(values)
        self._memory[0]["target"] = self._values
        _settle(self._memory)
