"""The repair of a live stream as an input stage of the strip."""

import math
from typing import Any, Final

import numpy as np

from tsumami.engine.errors import ParameterError
from tsumami.engine.restoration.concealer import CROSSFADE_SECONDS, FADE_SECONDS, HOLD_SECONDS
from tsumami.engine.restoration.repair_fit import fit_newest, wants_fit
from tsumami.engine.restoration.repair_kernels import process
from tsumami.engine.restoration.repair_state import MAX_CONTEXT, MAX_ORDER, REPAIR_DTYPE

_ORDER: Final = 640
"""At 48 kHz: the highest whose fit takes less than a millisecond a channel. At other rates as long …"""
_LEAST_ORDER: Final = 512
"""… but no less, as low rates leave the time for it."""
_CONTEXT: Final = 8
"""Samples that are fitted, for each coefficient."""
_NOISE: Final = 0.01
"""Amplitude of the noise that is taken to be in what is fitted, against its level: 40 dB below.

It costs music next to nothing, and a fit that is a few blocks old goes on from the joint of another gap
without running wild.
"""
_REFERENCE_SECONDS: Final = 0.03
"""Over which the power of what was heard is measured."""
_PEAK_SECONDS: Final = 1.0
_OLDEST_SECONDS: Final = 0.02


class RepairStage:
    """Continues what LOST events say is missing: a `tsumami.engine.stage.Stage` without latency.

    It plays with the newest autoregression that `fit` has made of what was heard; until the first one, and
    where nothing was heard yet, what is missing is silence. Frames that are not missing pass bit for bit,
    but those of the crossfade after a gap. ``order`` is of the autoregression, up to 1024; by the sample rate
    when it is left out.
    """

    latency_samples = 0

    def __init__(self, order: int | None = None) -> None:
        if order is not None and not 1 <= order <= MAX_ORDER:
            raise ParameterError(f"order must be 1-{MAX_ORDER}, got {order}")
        self._wanted = order
        self._memory = np.zeros(1, REPAIR_DTYPE)

    @property
    def process_address(self) -> int:
        """Address of the compiled C function."""
        return int(process.address)

    @property
    def state_address(self) -> int:
        """Address of the state record; valid as long as the object lives."""
        return int(self._memory.ctypes.data)

    def prepare(self, sample_rate: float, block_size: int) -> None:  # noqa: ARG002
        """Get ready for any blocks at 8 kHz and more."""
        usual = max(round(_ORDER * sample_rate / 48_000), _LEAST_ORDER)
        order = min(self._wanted or usual, MAX_ORDER)
        fields = {
            "order": order,
            "context": min(_CONTEXT * order, MAX_CONTEXT),
            "crossfade": round(CROSSFADE_SECONDS * sample_rate),
            "hold": round(HOLD_SECONDS * sample_rate),
            "fade": round(FADE_SECONDS * sample_rate),
            "smoothing": 1.0 - math.exp(-1.0 / (_REFERENCE_SECONDS * sample_rate)),
            "peak_fall": math.exp(-1.0 / (_PEAK_SECONDS * sample_rate)),
            "oldest": round(_OLDEST_SECONDS * sample_rate),
        }
        self._memory.view(np.uint8)[:] = 0
        for name, value in (fields | {"held": 0, "middle": 1, "filled": 2}).items():
            self._memory[0][name] = value
        noise = np.random.default_rng(0).standard_normal(MAX_CONTEXT)
        self._memory["noise"] = _NOISE * noise
        fit_newest(self.state_address)  # compiles it; a fit of silence

    def reset(self) -> None:
        """Forget what was heard."""
        self._memory["history"] = 0.0
        for name in ("power", "peak", "gap", "run", "mixed", "has_heard", "lost_until"):
            self._memory[name] = 0
        fit_newest(self.state_address)

    def fit(self) -> bool:
        """Fit the newest history, where there is something new; whether it was. [any one thread]"""
        return bool(wants_fit(self.state_address)) and bool(fit_newest(self.state_address))

    def __getitem__(self, field: str) -> Any:
        """The present value of a field of the record."""
        return self._memory[field][0]
