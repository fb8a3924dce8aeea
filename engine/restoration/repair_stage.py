"""The repair of a live stream as an input stage of the strip."""

import math
from pathlib import Path
from typing import Any, Final

import numpy as np

from tsumami.engine.restoration.bands import HOP_SECONDS
from tsumami.engine.restoration.concealer import CROSSFADE_SECONDS, FADE_SECONDS
from tsumami.engine.restoration.mix import JOINT_SECONDS
from tsumami.engine.restoration.mix_model import chosen_mixer
from tsumami.engine.restoration.repair_control import HOLD_SECONDS
from tsumami.engine.restoration.repair_fit import fit_newest, wants_fit
from tsumami.engine.restoration.repair_kernels import process
from tsumami.engine.restoration.repair_plan import Planner
from tsumami.engine.restoration.repair_state import MAX_CONTEXT, MAX_ORDER, REPAIR_DTYPE

_ORDERS: Final = np.array([512, 896, 280])
"""At 48 kHz: a fit of the largest takes less than a millisecond a channel. At other rates as long …"""
_LEAST_SCALE, _LARGEST_SCALE = 0.8, MAX_ORDER / 896
"""… within this, as low rates leave the time for more, and high ones do not."""
_CONTEXTS: Final = np.array([8, 12, 8])
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
_LATEST_SECONDS: Final = 0.2
"""Age of a plan from which a gap does better without."""


class RepairStage:
    """Continues what LOST events say is missing: a `tsumami.engine.stage.Stage` without latency.

    It plays with the newest autoregressions that `fit` has made of what was heard, weighed by the newest plan
    of `plan`; where that comes too late, by their mean. Until the first fit, and where nothing was heard yet,
    what is missing is silence. Frames that are not missing pass bit for bit, but those of the crossfade after
    a gap. REPAIR events switch it off and on, and say how long gaps go on (`RepairControl`). ``model`` is as
    for `tsumami.engine.restoration.mix_model.chosen_mixer`, and may raise its errors.
    """

    latency_samples = 0

    def __init__(self, model: str | Path | None = None) -> None:
        self._mixer = chosen_mixer(model)
        self._memory = np.zeros(1, REPAIR_DTYPE)
        self._planner: Planner | None = None

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
        scale = min(max(sample_rate / 48_000, _LEAST_SCALE), _LARGEST_SCALE)
        orders = np.rint(scale * _ORDERS).astype(np.int64)
        fields = {
            "orders": orders,
            "contexts": orders * _CONTEXTS,
            "crossfade": round(CROSSFADE_SECONDS * sample_rate),
            "sample_rate": sample_rate,
            "hold_wanted": round(HOLD_SECONDS * sample_rate),
            "fade": round(FADE_SECONDS * sample_rate),
            "smoothing": 1.0 - math.exp(-1.0 / (_REFERENCE_SECONDS * sample_rate)),
            "peak_fall": math.exp(-1.0 / (_PEAK_SECONDS * sample_rate)),
            "oldest": round(_OLDEST_SECONDS * sample_rate),
            "latest": round(_LATEST_SECONDS * sample_rate),
            "hop": round(HOP_SECONDS * sample_rate),
            "joint": round(JOINT_SECONDS * sample_rate),
            "noise": _NOISE * np.random.default_rng(0).standard_normal(MAX_CONTEXT),
        }
        self._memory.view(np.uint8)[:] = 0
        slots = {"held": 0, "middle": 1, "filled": 2, "plan_held": 0, "plan_middle": 1, "plan_filled": 2}
        for name, value in (fields | slots).items():
            self._memory[name] = value
        fit_newest(self.state_address)  # compiles it; fits of silence
        self._planner = Planner(self._memory, self._mixer, sample_rate)
        self._planner.warm_up()

    def reset(self) -> None:
        """Forget what was heard."""
        self._memory["history"] = 0.0
        for name in ("power", "peak", "gap", "run", "mixed", "has_heard", "lost_until"):
            self._memory[name] = 0
        fit_newest(self.state_address)
        if self._planner is not None:
            self._planner.forget()

    def fit(self) -> bool:
        """Fit the newest history, where there is something new; whether it was. [any one thread]"""
        return bool(wants_fit(self.state_address)) and bool(fit_newest(self.state_address))

    def plan(self) -> bool:
        """Plan the next gap of one channel, in turns; whether there was something heard. [the same thread]"""
        return self._planner is not None and self._planner.plan()

    def __getitem__(self, field: str) -> Any:
        """The present value of a field of the record."""
        return self._memory[field][0]
