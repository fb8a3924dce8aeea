"""`tsumami stream`: a network stream in; a file, the network or a device out; numbers on the way."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from tsumami.bridge.rtp.codecs import DYNAMIC_TYPES, Codec, make_codec
from tsumami.bridge.rtp.concealer import Concealer
from tsumami.bridge.rtp.depth import AdaptiveDepth, FixedDepth
from tsumami.bridge.rtp.device_output import DeviceOutput
from tsumami.bridge.rtp.outputs import FileOutput, NetworkOutput, Output
from tsumami.bridge.rtp.port import open_input, parse_address
from tsumami.bridge.rtp.receiver import Receiver
from tsumami.bridge.signals import ended_by_signals
from tsumami.bridge.unused_path import unused_path
from tsumami.engine.errors import ParameterError
from tsumami.engine.strip.settings import DeviceRequest

_PERIOD_SECONDS = 0.1
_LONGEST_DEPTH_MS = 1500.0
"""Less than the jitter buffer holds."""

MakeConcealer = Callable[[Codec], Concealer]
"""Makes what repairs a stream of a codec's rate and channels."""


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What the command line says."""

    listen: str
    codec: str = "L16"
    sample_rate: int = 48_000
    channels: int = 2
    payload_type: int | None = None
    depth_ms: float | None = None
    """None: as much as the network asks for."""
    block_size: int = 128
    output: Path | None = None
    send: str | None = None
    session_description: Path | None = None
    """Where to describe what is sent (SDP)."""
    device: DeviceRequest | None = None
    """None: the default device, where neither a file nor the network is an output."""
    is_resampled: bool = False
    """Whether a file or the network gets samples by our clock; a device always does."""
    seconds: float | None = None
    once: bool = False
    """End when the first sender stops."""

    def __post_init__(self) -> None:
        if self.depth_ms is not None and not 0 < self.depth_ms <= _LONGEST_DEPTH_MS:
            raise ParameterError(
                f"--depth-ms must be auto or in 0-{_LONGEST_DEPTH_MS:g} ms, got {self.depth_ms:g}"
            )
        if self.payload_type is not None and not 0 <= self.payload_type <= DYNAMIC_TYPES[-1]:
            raise ParameterError(f"--payload-type must be in 0-127, got {self.payload_type}")
        if self.session_description is not None and self.send is None:
            raise ParameterError("--sdp must stand with --send HOST:PORT, which it describes, got it alone")


class StreamSession:
    """All that runs between `tsumami stream` and Ctrl-C. Its view goes to standard error."""

    def __init__(self, options: StreamOptions, make_concealer: MakeConcealer) -> None:
        self._options, self._make_concealer = options, make_concealer
        self._console = Console(stderr=True)
        self._stopping = threading.Event()

    def run(self) -> dict[str, Any]:
        """Receive until the time is over, the sender has stopped or the user ends it; returns the numbers."""
        options = self._options
        codec = make_codec(options.codec, options.sample_rate, options.channels)
        address = parse_address(options.listen, "--listen")
        with contextlib.ExitStack() as stack:
            stack.enter_context(ended_by_signals(self._stopping.set))
            open_input(address).close()  # a port in use is to be said before an engine starts
            concealer = self._make_concealer(codec)
            outputs = self._open_outputs(codec, concealer.latency_samples, stack)
            receiver = Receiver(
                stack.enter_context(open_input(address)),
                codec,
                concealer,
                lambda samples: _write_all(outputs, samples),
                depth=AdaptiveDepth() if options.depth_ms is None else FixedDepth(options.depth_ms / 1e3),
                block_size=options.block_size,
                is_resampled=options.is_resampled or any(output.has_clock for output in outputs),
                payload_type=options.payload_type,
                clock=next((output.clock for output in outputs if output.has_clock), time.monotonic),
                tell=self._tell,
            )
            self._tell(f"listening on {address} for {codec.rtp_name[0]}, to {_joined(outputs)}")
            with self._shown(receiver), receiver:
                self._watch(receiver, outputs)
        if receiver.error is not None:
            raise receiver.error
        document = {"listen": str(address), "codec": options.codec, "block_size": options.block_size}
        document |= {"sample_rate": codec.sample_rate, "channels": codec.channels}
        for output in outputs:
            document |= output.document()
        return document | receiver.statistics().document()

    def _open_outputs(self, codec: Codec, latency_samples: int, stack: contextlib.ExitStack) -> list[Output]:
        options = self._options
        outputs: list[Output] = []
        if options.send is not None:
            network = NetworkOutput(parse_address(options.send, "--send"), codec, options.session_description)
            outputs.append(network)
            stack.callback(network.close)
        if options.output is not None:
            file = FileOutput(unused_path(options.output), codec, latency_samples)
            outputs.append(file)
            stack.callback(file.close)
        if options.device is not None or not outputs:
            device = DeviceOutput(options.device or DeviceRequest(), codec, options.block_size, self._tell)
            outputs.append(device)
            stack.callback(device.close)
            device.start()
        return outputs

    def _watch(self, receiver: Receiver, outputs: list[Output]) -> None:
        """The main loop."""
        seconds = self._options.seconds
        end = None if seconds is None else time.monotonic() + seconds
        while not self._stopping.wait(_PERIOD_SECONDS):
            if receiver.error is not None or (self._options.once and receiver.has_ended):
                return
            if end is not None and time.monotonic() >= end:
                return
            for output in outputs:
                output.watch()

    def _tell(self, text: str) -> None:
        self._console.print(f"tsumami: {text}", markup=False, highlight=False, soft_wrap=True)

    @contextlib.contextmanager
    def _shown(self, receiver: Receiver) -> Iterator[None]:
        """The numbers on standard error, where that is a terminal."""
        if not self._console.is_terminal:
            yield
            return
        view = _View(receiver)
        with Live(view, console=self._console, refresh_per_second=1 / _PERIOD_SECONDS):
            yield


class _View:
    """The receiver's numbers, whenever they are drawn."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def __rich__(self) -> Text:
        return self._receiver.statistics().__rich__()


def _write_all(outputs: list[Output], samples: Any) -> None:
    for output in outputs:
        output.write(samples)


def _joined(outputs: list[Output]) -> str:
    return " and ".join(output.name for output in outputs)
