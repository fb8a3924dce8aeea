"""Where the strip's sound goes: a PortAudio device, or the clock alone."""

import contextlib
import os
import threading
from typing import Any, Protocol

import numpy as np

from tsumami.engine.callback import portaudio_callback, run_null_device
from tsumami.engine.errors import DeviceError
from tsumami.engine.quiet import native_output_silenced
from tsumami.engine.stage import CHANNELS
from tsumami.engine.strip import Strip
from tsumami.engine.strip_settings import DeviceRequest

_AUDIO_PRIORITY = 70
"""SCHED_FIFO priority of the null device's thread, where the system grants one."""


class Device(Protocol):
    """An open device that drives a strip."""

    name: str
    latency_seconds: float

    def is_active(self) -> bool:
        """Whether it still calls the strip."""
        ...

    def close(self) -> None:
        """Stop calling the strip and let the device go."""
        ...


class NullDevice:
    """Drives the strip by the real-time clock, in a thread that never holds the GIL."""

    def __init__(self, strip: Strip) -> None:
        self.name = "null"
        self.latency_seconds = 0.0
        self._strip = strip
        self._scratch = np.zeros(strip.settings.block_size * CHANNELS, np.float32)
        strip.stop()
        run_null_device(strip.address, self._scratch.ctypes.data)  # compiled now, not in the first block
        strip.allow_run()
        self._thread = threading.Thread(target=self._run, name="null-device", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(AttributeError, OSError):  # not every system, not every user
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_AUDIO_PRIORITY))
        run_null_device(self._strip.address, self._scratch.ctypes.data)

    def is_active(self) -> bool:
        """Whether the loop is running."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the loop after its present block."""
        self._strip.stop()
        self._thread.join()


class PortAudioDevice:
    """A PortAudio output stream whose callback is compiled."""

    def __init__(self, strip: Strip, request: DeviceRequest) -> None:
        sd = load_portaudio()
        row = choose_output(request)
        settings = strip.settings
        self.name = f"{row['name']} ({sd.query_hostapis(row['hostapi'])['name']})"
        _check(sd, row, settings.sample_rate, self.name)
        strip.allow_run()
        try:
            # sounddevice documents _StreamBase for this use: a C function pointer as callback.
            self._stream = sd._StreamBase(
                kind="output",
                device=row["index"],
                channels=CHANNELS,
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
            raise DeviceError(
                f"device {self.name!r} refused to open ({_reason(error)}): close the program that uses it, "
                "or choose another with --device"
            ) from error
        self.latency_seconds = float(self._stream.latency)

    def is_active(self) -> bool:
        """Whether PortAudio still calls back."""
        return bool(self._stream.active)

    def close(self) -> None:
        """Stop and close the stream; a device that is already gone is let go quietly."""
        with native_output_silenced(), contextlib.suppress(Exception):
            self._stream.abort()
            self._stream.close()


def load_portaudio() -> Any:
    """The sounddevice module; loading it scans the machine's devices.

    Raises DeviceError where PortAudio's library is missing.
    """
    try:
        with native_output_silenced():
            import sounddevice
    except OSError as error:
        raise DeviceError(
            "PortAudio must be installed to play to a device (on Debian: apt-get install libportaudio2); "
            "--device null needs none"
        ) from error
    return sounddevice


def rescan_devices() -> None:
    """Make PortAudio look for devices anew; only while none is open."""
    sd = load_portaudio()
    with native_output_silenced():
        sd._terminate()
        sd._initialize()


def output_devices(api: str = "") -> list[dict[str, Any]]:
    """PortAudio's devices with two outputs or more, those of host API ``api`` if given."""
    sd = load_portaudio()
    return [
        row
        for row in sd.query_devices()
        if row["max_output_channels"] >= CHANNELS
        and api.lower() in sd.query_hostapis(row["hostapi"])["name"].lower()
    ]


def choose_output(request: DeviceRequest) -> dict[str, Any]:
    """PortAudio's description of the requested output device; DeviceError names what there is."""
    rows = output_devices(request.api)
    if not rows:
        where = f" under {request.api}" if request.api else ""
        raise DeviceError(f"no audio output device was found{where}: connect one, or use --device null")
    if request.name == "auto":
        default = load_portaudio().default.device[1]
        return next((row for row in rows if row["index"] == default), rows[0])
    wanted = request.name.lower()
    exact = [row for row in rows if row["name"].lower() == wanted]
    matching = exact or [row for row in rows if wanted in row["name"].lower()]
    if not matching:
        names = ", ".join(sorted({str(row["name"]) for row in rows}))
        raise DeviceError(f"device must be one of: null, {names}; got {request.name!r}")
    return matching[0]


def open_device(strip: Strip, request: DeviceRequest) -> Device:
    """Start driving ``strip``. ``"auto"`` takes the null device where the machine has no output."""
    if request.name == "null":
        return NullDevice(strip)
    if request.name == "auto" and not has_output(request.api):
        return NullDevice(strip)
    return PortAudioDevice(strip, request)


def has_output(api: str = "") -> bool:
    """Whether the machine has any audio output that PortAudio can see."""
    try:
        return bool(output_devices(api))
    except DeviceError:
        return False


def _check(sd: Any, row: dict[str, Any], sample_rate: float, name: str) -> None:
    """Refuse a sample rate that the device does not take, saying which it does."""
    try:
        with native_output_silenced():
            sd.check_output_settings(row["index"], CHANNELS, "float32", samplerate=sample_rate)
    except sd.PortAudioError as error:
        raise DeviceError(
            f"sample_rate must be one that {name!r} takes, such as {row['default_samplerate']:g} Hz, "
            f"got {sample_rate:g} ({_reason(error)})"
        ) from error


def _reason(error: Exception) -> str:
    """PortAudio's own words, without the numbers."""
    return str(error.args[0]).split(": ")[-1].split(" [")[0]
