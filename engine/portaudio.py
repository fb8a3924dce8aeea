"""PortAudio's devices: loading the library, and finding the one that is meant."""

from typing import Any

from tsumami.engine.errors import DeviceError
from tsumami.engine.quiet import native_output_silenced
from tsumami.engine.stage import CHANNELS
from tsumami.engine.strip_settings import DeviceRequest


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


def has_output(api: str = "") -> bool:
    """Whether the machine has any audio output that PortAudio can see."""
    try:
        return bool(output_devices(api))
    except DeviceError:
        return False
