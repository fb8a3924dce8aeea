"""Where the strip's sound goes, and where its input comes from: PortAudio devices, or the clock alone."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from tsumami.engine.devices.callback import portaudio_callback, run_null_device
from tsumami.engine.devices.portaudio import (
    choose_input,
    choose_output,
    full_name,
    has_output,
    load_portaudio,
)
from tsumami.engine.errors import DeviceError
from tsumami.engine.priority import play_in_time
from tsumami.engine.quiet import native_output_silenced
from tsumami.engine.stage import CHANNELS
from tsumami.engine.strip.settings import DeviceRequest
from tsumami.engine.strip.strip import Strip


class Device(Protocol):
    """An open device that drives a strip."""

    name: str
    latency_seconds: float
    input_name: str
    """The device that is heard, ``""`` where none is."""
    input_latency_seconds: float

    def is_active(self) -> bool:
        """Whether it still calls the strip."""
        ...

    def close(self) -> None:
        """Stop calling the strip and let the device go."""
        ...


class NullDevice:
    """Drives the strip by the real-time clock, in a thread that never holds the GIL. It has no input."""

    def __init__(self, strip: Strip) -> None:
        self.name = "null"
        self.latency_seconds = 0.0
        self.input_name, self.input_latency_seconds = "", 0.0
        self._strip = strip
        self._scratch = np.zeros(strip.settings.block_size * CHANNELS, np.float32)
        strip.stop()
        run_null_device(strip.address, self._scratch.ctypes.data)  # compiled now, not in the first block
        strip.allow_run()
        self._thread = threading.Thread(target=self._run, name="null-device", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        play_in_time()
        run_null_device(self._strip.address, self._scratch.ctypes.data)

    def is_active(self) -> bool:
        """Whether the loop is running."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the loop after its present block."""
        self._strip.stop()
        self._thread.join()


class PortAudioDevice:
    """A PortAudio stream whose callback is compiled: an output, with an input where the strip wants one."""

    def __init__(self, strip: Strip, request: DeviceRequest) -> None:
        sd = load_portaudio()
        settings = strip.settings
        output = choose_output(request)
        self.name, self.input_name = full_name(output), ""
        _check(sd.check_output_settings, output, CHANNELS, settings.sample_rate)
        ends = {"kind": "output", "device": output["index"], "channels": CHANNELS}
        if settings.input is not None and settings.input_device:
            source = choose_input(settings.input_device, output)
            self.input_name = full_name(source)
            channels = min(settings.input.channels, source["max_input_channels"])
            _check(sd.check_input_settings, source, channels, settings.sample_rate)
            strip.expect_channels(channels)
            both = (source["index"], output["index"])
            ends = {"kind": "duplex", "device": both, "channels": (channels, CHANNELS)}
        strip.allow_run()
        try:
            # sounddevice documents _StreamBase for this use: a C function pointer as callback.
            self._stream = sd._StreamBase(
                **ends,
                dtype="float32",
                samplerate=settings.sample_rate,
                blocksize=settings.block_size,
                latency="low",
                callback=sd._ffi.cast("PaStreamCallback *", portaudio_callback.address),
                wrap_callback=None,
                userdata=sd._ffi.cast("void *", strip.address),
            )
            self._stream.start()
        except sd.PortAudioError as error:
            names = f"{self.name!r}" + f" with input {self.input_name!r}" * bool(self.input_name)
            raise DeviceError(
                f"device {names} refused to open ({_reason(error)}): close the program that uses it, "
                "or choose another with --device"
            ) from error
        # Of a stream with an input sounddevice tells two.
        latencies = np.atleast_1d(self._stream.latency)
        self.latency_seconds = float(latencies[-1])
        self.input_latency_seconds = float(latencies[0]) if self.input_name else 0.0

    def is_active(self) -> bool:
        """Whether PortAudio still calls back."""
        return bool(self._stream.active)

    def close(self) -> None:
        """Stop and close the stream; a device that is already gone is let go quietly."""
        with native_output_silenced(), contextlib.suppress(Exception):
            self._stream.abort()
            self._stream.close()


def open_device(strip: Strip, request: DeviceRequest) -> Device:
    """Start driving ``strip``. ``"auto"`` takes the null device where the machine has no output.

    A strip that wants an input device is refused there; driven by ``"null"`` it plays on without.
    """
    if request.name == "null":
        return NullDevice(strip)
    if request.name == "auto" and not strip.settings.input_device and not has_output(request.api):
        return NullDevice(strip)
    return PortAudioDevice(strip, request)


def _check(ask: Callable[..., None], row: dict[str, Any], channels: int, sample_rate: float) -> None:
    """Refuse a sample rate that the device does not take, saying which it does."""
    try:
        with native_output_silenced():
            ask(row["index"], channels, "float32", samplerate=sample_rate)
    except load_portaudio().PortAudioError as error:
        raise DeviceError(
            f"sample_rate must be one that {full_name(row)!r} takes, such as "
            f"{row['default_samplerate']:g} Hz, got {sample_rate:g} ({_reason(error)})"
        ) from error


def _reason(error: Exception) -> str:
    """PortAudio's own words, without the numbers."""
    return str(error.args[0]).split(": ")[-1].split(" [")[0]
