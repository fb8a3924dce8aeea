"""MIDI systems and their ports."""

from collections.abc import Iterator

from tsumami.bridge.doctor.finding import Finding
from tsumami.bridge.midi.system import close_client, compiled_apis, has_virtual_ports, open_client
from tsumami.engine.errors import DeviceError

_START_REMEDIES = {
    "alsa": "load ALSA's sequencer: modprobe snd-seq",
    "jack": "start a JACK server",
    "coremidi": "restart CoreMIDI in Audio MIDI Setup",
    "winmm": "restart the Windows MIDI service",
}
_NO_SYSTEM_REMEDY = "start one of these; until then `tsumami live` plays its demonstration"
_NO_INPUT_REMEDY = "connect a controller; `tsumami live` opens it while it plays"


def examine_midi() -> Iterator[Finding]:
    """One finding for each MIDI system, and one when none has an input."""
    inputs: dict[str, list[str]] = {}
    for api in compiled_apis():
        try:
            client = open_client(api, "tsumami-doctor")
        except DeviceError as error:
            yield Finding("MIDI", "note", str(error), _START_REMEDIES[api], {"api": api, "runs": False})
            continue
        inputs[api] = list(client.get_ports())
        close_client(client)
        names = ", ".join(inputs[api]) or "no inputs"
        details = {
            "api": api,
            "runs": True,
            "inputs": inputs[api],
            "virtual_ports": has_virtual_ports(api),
        }
        yield Finding("MIDI", "ok", f"{api}: {names}", details=details)
    if not inputs:
        yield Finding("MIDI", "note", "no MIDI system runs", _NO_SYSTEM_REMEDY)
    elif not any(inputs.values()):
        yield Finding("MIDI", "note", "no MIDI input is connected", _NO_INPUT_REMEDY)
