"""An engine that hears drums: its input's hits, its samples, and a click on the same time line."""

import contextlib
from collections.abc import Callable
from typing import Self

import numpy as np
import numpy.typing as npt

from tsumami.bridge.groove.host_clock import HostClock
from tsumami.bridge.session.tables import Session
from tsumami.engine import EngineClient
from tsumami.engine.config import EngineConfig, Message, StageSource
from tsumami.engine.errors import DeviceError, ParameterError
from tsumami.engine.groove import HIT_DTYPE
from tsumami.engine.groove.detector import HIGHEST_RATE_HZ, LOWEST_RATE_HZ, Hits
from tsumami.engine.groove.live_memory import GrooveMemory
from tsumami.engine.meter_block import MeterBlock
from tsumami.engine.strip.settings import DeviceRequest, InputSettings, StripSettings

Audio = npt.NDArray[np.float64]


class Listener:
    """Starts the engine when entered and stops it when left; `look` takes what it has heard since.

    ``tell`` shows a sentence. The input goes nowhere but to the hit detector. Raises `ParameterError` or
    `DeviceError` for what cannot be heard.
    """

    def __init__(self, session: Session, tell: Callable[[str], None]) -> None:
        _check(session)
        self._tell = tell
        self.sample_rate, self.block_size = session.device.sample_rate, session.device.block_size
        self.clock = HostClock(self.sample_rate)
        self.engine = Message("", "")
        """The engine's last word about its device."""
        self.seconds = 0.0
        """What was heard so far."""
        self._hits: list[Hits] = [np.zeros(0, HIT_DTYPE)]
        self._memory = GrooveMemory.create()
        self._client = EngineClient(_config(session, self._memory.name), self._hear)

    def __enter__(self) -> Self:
        try:
            self._client.launch()
            self._hear(self._client.wait_ready())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def meters(self) -> MeterBlock:
        """The engine's counts and measures."""
        return self._client.memory.meters

    @property
    def hits(self) -> Hits:
        """All hits so far, in order of time."""
        hits = np.concatenate(self._hits)
        return hits[np.argsort(hits["sample"], kind="stable")]

    def look(self) -> tuple[int, Audio]:
        """Watch the engine and take what it has heard: the new samples, and where the first one stands.

        They have no gap, unless nobody looked for five seconds.
        """
        self._client.watch()
        if len(self._memory.ring("hits")):
            self._hits = [np.concatenate([*self._hits, self._memory.ring("hits").pop()])]
        blocks = self._memory.ring("heard").pop()
        if not len(blocks):
            return 0, np.zeros(0)
        self.clock.feed(blocks)
        first, last = blocks[0], blocks[-1]
        self.seconds = float(last["sample"] + last["frames"]) / self.sample_rate
        return int(first["sample"]), self._memory.ring("audio").pop(int(blocks["frames"].sum()))

    def click(self, period_seconds: float, clicks_in_bar: int, after_seconds: float) -> int:
        """Begin a click so much after now; returns the sample at which it begins."""
        meters = self._memory.meters
        first = int(meters["sample"]) + round(after_seconds * self.sample_rate)
        meters["click_first"], meters["click_bar"] = first, clicks_in_bar
        meters["click_period"] = period_seconds * self.sample_rate
        return first

    def _close(self) -> None:
        with contextlib.ExitStack() as stack:
            stack.callback(self._memory.close)
            stack.callback(self._client.close)

    def _hear(self, message: Message) -> None:
        if message.device:
            self.engine = message
        if message.kind == "ready":
            self._tell(f"hearing {message.input}")
        else:
            self._tell(message.text)


def _check(session: Session) -> None:
    rate = session.device.sample_rate
    if not LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ:
        raise ParameterError(f"--sample-rate must be in {LOWEST_RATE_HZ}-{HIGHEST_RATE_HZ} Hz, got {rate}")
    if session.device.name == "null":
        raise DeviceError("--device must be one with an input, got null, which hears nothing")


def _config(session: Session, memory_name: str) -> EngineConfig:
    """Only the click sounds; the input is heard and goes no further."""
    return EngineConfig(
        memory_name="",
        instrument=StageSource("tsumami.engine.groove.click:ClickStage", (memory_name,)),
        values=(),
        input_stages=(StageSource("tsumami.engine.groove.tap:GrooveTap", (memory_name,)),),
        settings=StripSettings(
            sample_rate=session.device.sample_rate,
            block_size=session.device.block_size,
            input=InputSettings(
                device=session.input.device,
                channels=session.input.channels,
                gain_db=session.input.gain_db,
                is_monitored=False,
            ),
        ),
        device=DeviceRequest(session.device.name, session.device.api or ""),
    )
