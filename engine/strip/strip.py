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
from tsumami.engine.strip.input_ring import INPUT_CAPACITY, INPUT_DTYPE
from tsumami.engine.strip.input_search import LONGEST_SECONDS
from tsumami.engine.strip.kernels import strip_run
from tsumami.engine.strip.settings import StripSettings
from tsumami.engine.strip.state import MAX_EFFECTS, MAX_INPUT_STAGES, STRIP_DTYPE

_GAIN_SMOOTHING_SECONDS = 0.005
_LIMITER_RELEASE_SECONDS = 0.08
_METER_FALL_SECONDS = 0.3
_GATE_SECONDS = 0.001
"""In which a panic silences the output: less than any block of 64 frames at 48 kHz."""
_SHUT_SECONDS = 1.0


def _linear(gain_db: float) -> float:
    return float(10 ** (gain_db / 20))


def _one_pole(seconds: float, sample_rate: float) -> float:
    return 1.0 - math.exp(-1.0 / (seconds * sample_rate))


class Strip:
    """One instrument and one input through effects, gain and limiter to the output, fed by rings.

    ``input_stages`` stand between the input and the mix, where `StripSettings.input` asks for one. The rings
    and meters default to this process's own memory; a live engine passes shared ones. ``first_sample``
    continues the time line of a strip that stopped.
    """

    def __init__(
        self,
        instrument: Stage,
        settings: StripSettings,
        *,
        effects: Sequence[Stage] = (),
        input_stages: Sequence[Stage] = (),
        input_ring: Ring | None = None,
        control: Ring | None = None,
        applied: Ring | None = None,
        recording: Ring | None = None,
        scope: Ring | None = None,
        meters: MeterBlock | None = None,
        first_sample: int = 0,
    ) -> None:
        self.settings = settings
        self.instrument = instrument
        self.effects = _chain("effects", effects, MAX_EFFECTS)
        self.input_stages = _chain("input stages", input_stages, MAX_INPUT_STAGES)
        # An empty ring is false, so `or` would not do.
        self.input = Ring.allocate(INPUT_DTYPE, INPUT_CAPACITY) if input_ring is None else input_ring
        self.control = Ring.allocate(EVENT_DTYPE, 4096) if control is None else control
        self.parameters = Ring.allocate(EVENT_DTYPE, 4096)
        self.applied = Ring.allocate(EVENT_DTYPE, 4096) if applied is None else applied
        self.meters = MeterBlock.allocate() if meters is None else meters
        self._recording, self._scope = recording, scope
        self._record = np.zeros(1, STRIP_DTYPE)
        self._prepare(first_sample)

    def _prepare(self, first_sample: int) -> None:
        settings, record = self.settings, self._record[0]
        for stage in (*self.input_stages, self.instrument, *self.effects):
            stage.prepare(settings.sample_rate, settings.block_size)
        for name, chain in (("input", self.input_stages), ("effect", self.effects)):
            for number, stage in enumerate(chain):
                record[f"{name}_process"][number] = stage.process_address
                record[f"{name}_state"][number] = stage.state_address
        gain = _linear(settings.gain_db)
        fields = {
            "instrument_process": self.instrument.process_address,
            "instrument_state": self.instrument.state_address,
            "effect_count": len(self.effects),
            "control_ring": self.control.address,
            "parameter_ring": self.parameters.address,
            "applied_ring": self.applied.address,
            "recording_ring": 0 if self._recording is None else self._recording.address,
            "recording": int(self._recording is not None),
            "scope_ring": 0 if self._scope is None else self._scope.address,
            "meters": self.meters.address,
            "sample_rate": settings.sample_rate,
            "block_size": settings.block_size,
            "gain_smoothing": _one_pole(_GAIN_SMOOTHING_SECONDS, settings.sample_rate),
            "release": _one_pole(_LIMITER_RELEASE_SECONDS, settings.sample_rate),
            "ceiling": _linear(settings.ceiling_db),
            "meter_fall": 1.0 - _one_pole(_METER_FALL_SECONDS, settings.sample_rate),
            "sample": first_sample,
            "gain": gain,
            "gain_target": gain,
            "reduction": 1.0,
            "opening": 1.0,
            "gate_step": 1.0 / (_GATE_SECONDS * settings.sample_rate),
            "longest_shut": round(_SHUT_SECONDS * settings.sample_rate),
        }
        for name, value in (fields | self._input_fields()).items():
            record[name] = value

    def _input_fields(self) -> dict[str, float]:
        """What the record says of the input; nothing where there is none."""
        settings = self.settings.input
        if settings is None:
            return {}
        has_ring = settings.source == "ring"
        if has_ring:
            self.input.pop()  # what was meant for a strip that stopped
        return {
            "input_stage_count": len(self.input_stages),
            "input_ring": self.input.address if has_ring else 0,
            "input_channels": settings.channels,
            "input_gain": _linear(settings.gain_db),
            "input_monitored": int(settings.is_monitored),
            "input_has_begun": int(not has_ring),
            "input_searched": int(settings.is_searched),
            "input_longest": round(LONGEST_SECONDS * self.settings.sample_rate),
        }

    @property
    def address(self) -> int:
        """Address of the record: what the compiled callback takes as its user data."""
        return int(self._record.ctypes.data)

    @property
    def latency_samples(self) -> int:
        """Delay from an event's sample to its sound, beyond the device's."""
        return sum(stage.latency_samples for stage in (self.instrument, *self.effects))

    @property
    def input_latency_samples(self) -> int:
        """Delay from the input to the output, beyond the device's."""
        return sum(stage.latency_samples for stage in (*self.input_stages, *self.effects))

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

    def expect_channels(self, channels: int) -> None:
        """Take input of 1 or 2 interleaved channels from now on: what the device that was opened has."""
        self._record["input_channels"][0] = channels

    def warm_up(self) -> None:
        """Load or compile every kernel of the hot path before the first real block (zero frames)."""
        strip_run(self.address, 0, 0, 0)

    def run(
        self, frames: int, events: Events | None = None, *, audio: npt.NDArray[np.float32] | None = None
    ) -> npt.NDArray[np.float32]:
        """Process ``frames`` offline and return them as float32 ``[frames, 2]``.

        ``events`` carry absolute sample times; those due later stay in the ring. ``audio`` is what a device
        would give, float32 ``[frames, channels]`` of the strip's input; without it such an input is lost.
        """
        if events is not None and not self.control.push(events):
            raise BufferError(
                f"events must fit the control ring ({self.control.capacity}), got {len(events)}"
            )
        output = np.zeros((frames, CHANNELS), np.float32)
        source = None if audio is None else self._checked(audio, frames)
        strip_run(self.address, 0 if source is None else source.ctypes.data, output.ctypes.data, frames)
        return output

    def _checked(self, audio: npt.NDArray[np.float32], frames: int) -> npt.NDArray[np.float32]:
        """``audio`` as the kernels read it; ValueError when the strip has no such input."""
        if not self.settings.input_device:
            raise ValueError("audio must be for a strip that hears a device, got one that does not")
        wanted = (frames, int(self._record["input_channels"][0]))
        if audio.shape != wanted:
            raise ValueError(f"audio must be of shape {wanted}, got {audio.shape}")
        return np.ascontiguousarray(audio, np.float32)


def _chain(name: str, stages: Sequence[Stage], most: int) -> tuple[Stage, ...]:
    if len(stages) > most:
        raise DeviceError(f"{name} must be {most} or fewer, got {len(stages)}")
    return tuple(stages)
