"""Sound systems, their devices, and the sample rates that these take."""

from collections.abc import Iterator
from typing import Any

from tsumami.bridge.doctor.finding import Finding
from tsumami.engine.devices.portaudio import choose_input, load_portaudio
from tsumami.engine.errors import DeviceError
from tsumami.engine.quiet import native_output_silenced
from tsumami.engine.stage import CHANNELS

_RATES_HZ = (44100, 48000, 88200, 96000, 192000)
_NO_OUTPUT_REMEDY = (
    "connect an interface or start a JACK server; `tsumami live --device null` plays without sound"
)


def examine_audio() -> Iterator[Finding]:
    """One finding for each sound system, and one each for what `tsumami live` would play to and hear."""
    try:
        sd = load_portaudio()
    except DeviceError as error:
        yield Finding("audio", "problem", "PortAudio is not installed", str(error))
        return
    with native_output_silenced():
        systems = [dict(row) for row in sd.query_hostapis()]
        devices = [dict(row) for row in sd.query_devices()]
    for system in systems:
        yield _system(system["name"], [devices[index] for index in system["devices"]])
    outputs = [row for row in devices if row["max_output_channels"] >= CHANNELS]
    if not outputs:
        yield Finding("audio", "problem", "there is no audio output device", _NO_OUTPUT_REMEDY)
        return
    default = sd.default.device[1]
    device = next((row for row in outputs if row["index"] == default), outputs[0])
    system = systems[device["hostapi"]]["name"]
    yield _output(sd, device, system)
    yield _input(device, system)


def _system(name: str, devices: list[dict[str, Any]]) -> Finding:
    rows = [
        {
            "name": row["name"],
            "inputs": row["max_input_channels"],
            "outputs": row["max_output_channels"],
            "default_sample_rate": row["default_samplerate"],
        }
        for row in devices
    ]
    names = ", ".join(f"{row['name']} ({row['inputs']} in, {row['outputs']} out)" for row in rows)
    return Finding("audio", "ok", f"{name}: {names or 'no devices'}", details={"api": name, "devices": rows})


def _output(sd: Any, device: dict[str, Any], system: str) -> Finding:
    """The default output: its own sample rate, the others that it takes, and its delay."""
    rates = [rate for rate in _RATES_HZ if _takes(sd, device["index"], rate)]
    own, latency_ms = device["default_samplerate"], device["default_low_output_latency"] * 1e3
    details = {
        "device": device["name"],
        "api": system,
        "default_sample_rate": own,
        "sample_rates": rates,
        "low_latency_ms": round(latency_ms, 2),
    }
    text = (
        f"plays to {device['name']} ({system}) at {own:g} Hz, low latency {latency_ms:.1f} ms; "
        f"it takes {', '.join(map(str, rates)) or 'none of the usual rates'}"
    )
    if rates:
        return Finding("audio", "ok", text, details=details)
    return Finding(
        "audio", "problem", text, f"close the program that holds it, or use --sample-rate {own:g}", details
    )


def _input(output: dict[str, Any], system: str) -> Finding:
    """What ``--input auto`` would hear beside the default output."""
    try:
        row = choose_input("auto", output)
    except DeviceError as error:
        text, _, remedy = str(error).partition(": ")
        return Finding("audio", "note", text, remedy)
    channels = min(row["max_input_channels"], CHANNELS)
    details = {"device": row["name"], "api": system, "channels": channels}
    text = f"`--input auto` hears {row['name']} ({system}), {channels} channel{'s' * (channels > 1)}"
    return Finding("audio", "ok", text, details=details)


def _takes(sd: Any, index: int, sample_rate: int) -> bool:
    with native_output_silenced():
        try:
            sd.check_output_settings(index, CHANNELS, "float32", samplerate=sample_rate)
        except sd.PortAudioError:
            return False
    return True
