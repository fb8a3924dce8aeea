"""The strip from Python: allocates its record, connects its stages and rings, runs it offline."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import DeviceError
from tsumami.engine.events import EVENT_DTYPE, Events
from tsumami.engine.meter_block import MeterBlock
from tsumami.engine.ring import Ring
from tsumami.engine.stage import CHANNELS, Stage
from tsumami.engine.strip_kernels import strip_run
from tsumami.engine.strip_settings import StripSettings
from tsumami.engine.strip_state import MAX_EFFECTS, STRIP_DTYPE

_GAIN_SMOOTHING_SECONDS = 0.005
_LIMITER_RELEASE_SECONDS = 0.08
_METER_FALL_SECONDS = 0.3


def _one_pole(seconds: float, sample_rate: float) -> float:
    return 1.0 - math.exp(-1.0 / (seconds * sample_rate))


class Strip:
    """One instrument through effects, gain and limiter to the output, fed by rings.

    The rings and meters default to this process's own memory; a live engine passes shared ones.
    ``first_sample`` continues the time line of a strip that stopped.
    """

    def __init__(
        self,
        instrument: Stage,
        settings: StripSettings,
        *,
        effects: Sequence[Stage] = (),
        control: Ring | None = None,
        applied: Ring | None = None,
        recording: Ring | None = None,
        meters: MeterBlock | None = None,
        first_sample: int = 0,
    ) -> None:
        self.settings = settings
        self.instrument = instrument
        self.effects = tuple(effects)
        if len(self.effects) > MAX_EFFECTS:
            raise DeviceError(f"effects must be {MAX_EFFECTS} or fewer, got {len(self.effects)}")
        # An empty ring is false, so `or` would not do.
        self.control = Ring.allocate(EVENT_DTYPE, 4096) if control is None else control
        self.parameters = Ring.allocate(EVENT_DTYPE, 4096)
        self.applied = Ring.allocate(EVENT_DTYPE, 4096) if applied is None else applied
        self.meters = MeterBlock.allocate() if meters is None else meters
        self._recording = recording
        self._record = np.zeros(1, STRIP_DTYPE)
        self._prepare(first_sample)

    def _prepare(self, first_sample: int) -> None:
        settings, record = self.settings, self._record[0]
        for stage in (self.instrument, *self.effects):
            stage.prepare(settings.sample_rate, settings.block_size)
        for number, effect in enumerate(self.effects):
            record["effect_process"][number] = effect.process_address
            record["effect_state"][number] = effect.state_address
        gain = 10 ** (settings.gain_db / 20)
        fields = {
            "instrument_process": self.instrument.process_address,
            "instrument_state": self.instrument.state_address,
            "effect_count": len(self.effects),
            "control_ring": self.control.address,
            "parameter_ring": self.parameters.address,
            "applied_ring": self.applied.address,
            "recording_ring": 0 if self._recording is None else self._recording.address,
            "recording": int(self._recording is not None),
            "meters": self.meters.address,
            "sample_rate": settings.sample_rate,
            "block_size": settings.block_size,
            "gain_smoothing": _one_pole(_GAIN_SMOOTHING_SECONDS, settings.sample_rate),
            "release": _one_pole(_LIMITER_RELEASE_SECONDS, settings.sample_rate),
            "ceiling": 10 ** (settings.ceiling_db / 20),
            "meter_fall": 1.0 - _one_pole(_METER_FALL_SECONDS, settings.sample_rate),
            "sample": first_sample,
            "gain": gain,
            "gain_target": gain,
            "reduction": 1.0,
        }
        for name, value in fields.items():
            record[name] = value

    @property
    def address(self) -> int:
        """Address of the record: what the compiled callback takes as its user data."""
        return int(self._record.ctypes.data)

    @property
    def latency_samples(self) -> int:
        """Delay from an event's sample to its sound, beyond the device's."""
        return sum(stage.latency_samples for stage in (self.instrument, *self.effects))

    @property
    def sample(self) -> int:
        """Frames processed since the session began."""
        return int(self._record["sample"][0])

    def stop(self) -> None:
        """Ask the null device's loop to end."""
        self._record["stop"][0] = 1

    def allow_run(self) -> None:
        """Take back `stop`, before the strip is driven again."""
        self._record["stop"][0] = 0
        self._record["began_ns"][0] = 0

    def warm_up(self) -> None:
        """Load or compile every kernel of the hot path before the first real block (zero frames)."""
        strip_run(self.address, 0, 0)

    def run(self, frames: int, events: Events | None = None) -> npt.NDArray[np.float32]:
        """Process ``frames`` offline and return them as float32 ``[frames, 2]``.

        ``events`` carry absolute sample times; those due later stay in the ring.
        """
        if events is not None and not self.control.push(events):
            raise BufferError(
                f"events must fit the control ring ({self.control.capacity}), got {len(events)}"
            )
        output = np.zeros((frames, CHANNELS), np.float32)
        strip_run(self.address, output.ctypes.data, frames)
        return output
