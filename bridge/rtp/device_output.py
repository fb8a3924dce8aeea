"""A received stream to a sound device: through the engine's input, at the pace of the device's clock."""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tsumami.bridge.live.summary import decibels
from tsumami.bridge.rtp.clock_drift import ClockDrift
from tsumami.bridge.rtp.codecs import Codec
from tsumami.bridge.rtp.jitter_buffer import Samples
from tsumami.engine.client import EngineClient
from tsumami.engine.config import EngineConfig, Message, StageSource
from tsumami.engine.errors import ParameterError
from tsumami.engine.strip.input_ring import input_frames
from tsumami.engine.strip.settings import DeviceRequest, InputSettings, StripSettings

_LEAD_SECONDS = 0.04
"""What the ring holds: to begin a concealment takes up to 27 ms, and that must not be heard."""
_LOOK_SECONDS = 0.007
"""No multiple of a block's length, so that the looks fall everywhere between two blocks."""


class DeviceOutput:
    """Pushes a repaired stream to an engine process, whose compiled audio thread plays it.

    `clock` is the device's: the samples that it has played, as a line through looks at the engine's counter.
    A receiver that goes by it gives as many samples as the device takes, and no ring runs full or empty.
    """

    has_clock = True

    def __init__(
        self, device: DeviceRequest, codec: Codec, block_size: int, tell: Callable[[str], None]
    ) -> None:
        if codec.channels > 2:
            raise ParameterError(
                f"channels must be 1 or 2 for a device, got {codec.channels}; --output or --send take more"
            )
        self.name = "the default device" if device.name == "auto" else f"device {device.name!r}"
        self._tell, self._rate = tell, codec.sample_rate
        settings = StripSettings(
            sample_rate=codec.sample_rate, block_size=block_size, input=InputSettings(source="ring")
        )
        silent = StageSource("tsumami.plugins:ExternalSynth", ((),))
        config = EngineConfig(memory_name="", instrument=silent, values=(), settings=settings, device=device)
        self._engine = EngineClient(config, self._hear)
        self._lead = np.zeros((round(_LEAD_SECONDS * codec.sample_rate), codec.channels), np.float32)
        self._line = (time.monotonic(), 0.0, 0.0)  # a moment, the clock's distance from ours then, its drift
        self._is_new = True
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="tsumami-device-clock", daemon=True)
        self._document: dict[str, Any] = {"device": ""}

    def start(self) -> None:
        """Start the engine and wait until the device plays; raises `EngineError`."""
        self._tell("starting the engine (the first start compiles its kernels, about half a minute)")
        self._engine.launch()
        self._hear(self._engine.wait_ready())
        self._look(ClockDrift())
        self._thread.start()

    def write(self, samples: Samples) -> None:
        """Push samples to the engine; after a pause, some silence first."""
        ring = self._engine.memory.input
        if len(ring) == 0:
            ring.push(input_frames(self._lead))
        ring.push(input_frames(samples))

    def clock(self) -> float:
        """Seconds that the device has played."""
        moment, delay, drift = self._line
        now = time.monotonic()
        return now - (delay - drift * (now - moment))

    def watch(self) -> None:
        """Restart the engine if it has died, and look for a device that was lost."""
        self._engine.watch()

    def close(self) -> None:
        """Let the device play what it has, and end the engine."""
        end = time.monotonic() + 2 * _LEAD_SECONDS
        while self._thread.is_alive() and len(self._engine.memory.input) and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._engine.stop()
        meters = self._engine.memory.meters
        self._document |= {
            "device_seconds": round(int(meters["sample"]) / self._rate, 3),
            "device_missed": int(meters["missed"]),
            "device_starved": int(meters["input_starved"]),
            "device_dropped": int(self._engine.memory.input.dropped),
            "device_peak_dbfs": round(decibels(float(meters["peak"])), 2),
        }
        self._engine.close()

    def document(self) -> dict[str, Any]:
        """The device, and what went wrong between here and there."""
        return self._document

    def _hear(self, message: Message) -> None:
        """What the engine says; another device has another clock."""
        self._is_new = True
        if message.device:
            self._document["device"] = message.device
        self._tell(f"playing to {message.device}" if message.kind == "ready" else message.text)

    def _follow(self) -> None:
        """Body of the thread that looks at the device's counter."""
        drift = ClockDrift()
        while not self._stopping.wait(_LOOK_SECONDS):
            if self._is_new:
                self._is_new = False
                drift = ClockDrift()
            self._look(drift)

    def _look(self, drift: ClockDrift) -> None:
        played = int(self._engine.memory.meters["sample"]) / self._rate
        now = time.monotonic()
        drift.observe(played, now)
        self._line = (now, drift.delay_seconds(now), drift.drift)
