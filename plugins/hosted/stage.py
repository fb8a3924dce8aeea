"""A plugin in another process as a stage of the strip."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import carray

from tsumami.engine.doorbell import bell_handle
from tsumami.engine.errors import PluginError
from tsumami.engine.events import EVENT_DTYPE
from tsumami.engine.jit import c_kernel
from tsumami.engine.memory import as_pointer
from tsumami.engine.stage import STAGE_SIGNATURE
from tsumami.plugins.hosted.exchange import ask, collect
from tsumami.plugins.hosted.memory import HOSTED_METERS, HostedMemory
from tsumami.plugins.hosted.mix import mix
from tsumami.plugins.hosted.settings import HostedSettings
from tsumami.plugins.hosted.state import MAX_LATENCY, STAGE_DTYPE

_FADE_SECONDS: Final = 0.010
_CROSS_SECONDS: Final = 0.003


@c_kernel(STAGE_SIGNATURE)
def process(stage: Any, audio_in: Any, audio_out: Any, frames: int, events: Any, event_count: int) -> None:
    """Ask for this block, play the one before it. [audio thread]"""
    state = carray(stage, 1, STAGE_DTYPE)[0]
    meters = carray(as_pointer(state.meters), 1, HOSTED_METERS)[0]
    dry = carray(audio_in, (2, frames))
    out = carray(audio_out, (2, frames))
    ask(state, meters, dry[0], dry[1], carray(events, event_count, EVENT_DTYPE))
    have = collect(state, meters, frames)
    if have < frames and meters.is_up and not meters.is_loading:
        meters.late += 1
    mix(state, have, dry[0], dry[1], out[0], out[1])


class HostedPlugin:
    """An instrument or effect that plays in a process of its own: a `tsumami.engine.stage.Stage`.

    Its delay is the plugin's own and one block more for the way to the other process. Whatever that
    process does, a block is ready in time. The plugin keeps its parameters by itself, also when the engine
    is started again; PARAMETER events of an instrument and EFFECT events of an effect move them.
    """

    def __init__(self, settings: HostedSettings) -> None:
        self.parameters = settings.parameters
        self._settings = settings
        self._shared = HostedMemory.attach(settings.memory_name)
        self._memory = np.zeros(1, STAGE_DTYPE)
        self._hop = 0

    @property
    def latency_samples(self) -> int:
        """The plugin's own delay and the block that the way to its process takes."""
        return self._hop + self._settings.latency_samples

    @property
    def process_address(self) -> int:
        """Address of the compiled C function."""
        return int(process.address)

    @property
    def state_address(self) -> int:
        """Address of the state record; valid as long as the object lives."""
        return int(self._memory.ctypes.data)

    def prepare(self, sample_rate: float, block_size: int) -> None:
        """Get ready for blocks of at most ``block_size`` frames."""
        if self._settings.latency_samples > MAX_LATENCY:
            raise PluginError(
                f"latency of {self._settings.name} must be {MAX_LATENCY} samples or less, "
                f"got {self._settings.latency_samples}"
            )
        self._hop = block_size
        self._memory.view(np.uint8)[:] = 0
        position = int(self._shared.meters["asked"])  # goes on where a stage before this one left off
        bypass = float(self._settings.is_bypassed)
        rings = {f"{name}_ring": self._shared.ring(name).address for name in HostedMemory.RINGS}
        fields = rings | {
            "meters": self._shared.meters.address,
            "bell": bell_handle(self._settings.bell),
            "effect": self._settings.place,
            "hop": block_size,
            "dry_delay": self.latency_samples,
            "patience_ns": int(self._settings.patience_seconds * 1e9),
            "hold_frames": block_size,
            "fade_step": 1.0 / (_FADE_SECONDS * sample_rate),
            "cross_step": 1.0 / (_CROSS_SECONDS * sample_rate),
            "first_position": position,
            "position": position,
            "wet": 1.0,
            "bypass": bypass,
            "bypass_target": bypass,
        }
        for name, value in fields.items():
            self._memory[0][name] = value

    def reset(self) -> None:
        """Forget what sounds here; the plugin itself goes on."""
        self._memory[0]["history"] = 0.0
        self._memory[0]["dry_line"] = 0.0

    def set_parameters(self, values: npt.NDArray[np.float32]) -> None:
        """Do nothing: the plugin has its parameters from its own state, which outlives this object."""
