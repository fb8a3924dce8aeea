"""PortAudio's devices: loading the library, and finding the one that is meant."""

from typing import Any

from tsumami.engine.errors import DeviceError
from tsumami.engine.quiet import native_output_silenced
from tsumami.engine.stage import CHANNELS
from tsumami.engine.strip.settings import DeviceRequest


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
    found = _named(request.name, rows)
    if found is None:
        raise DeviceError(f"device must be one of: null, {_names(rows)}; got {request.name!r}")
    return found


def choose_input(name: str, output: dict[str, Any]) -> dict[str, Any]:
    """PortAudio's description of the input device to open together with ``output``.

    ``"auto"`` is the output's own device where it has inputs, else the default of its host API. Only devices
    of that host API can be opened together; DeviceError names them.
    """
    sd = load_portaudio()
    system = sd.query_hostapis(output["hostapi"])
    rows = [
        row
        for row in sd.query_devices()
        if row["max_input_channels"] >= 1 and row["hostapi"] == output["hostapi"]
    ]
    if not rows:
        raise DeviceError(
            f"no audio input device was found under {system['name']}: connect one, or play without --input"
        )
    if name == "auto":
        choices = (output["index"], system["default_input_device"])
        return next((row for index in choices for row in rows if row["index"] == index), rows[0])
    found = _named(name, rows)
    if found is None:
        raise DeviceError(
            f"input must be one of: {_names(rows)}, which go with {output['name']} ({system['name']}); "
            f"got {name!r}"
        )
    return found


def full_name(row: dict[str, Any]) -> str:
    """``"name (host API)"`` of a device."""
    return f"{row['name']} ({load_portaudio().query_hostapis(row['hostapi'])['name']})"


def _named(name: str, rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The device of that name, else the first whose name has it as a part; upper and lower case alike."""
    wanted = name.lower()
    exact = [row for row in rows if row["name"].lower() == wanted]
    matching = exact or [row for row in rows if wanted in row["name"].lower()]
    return matching[0] if matching else None


def _names(rows: list[dict[str, Any]]) -> str:
    return ", ".join(sorted({str(row["name"]) for row in rows}))


def has_output(api: str = "") -> bool:
    """Whether the machine has any audio output that PortAudio can see."""
    try:
        return bool(output_devices(api))
    except DeviceError:
        return False
