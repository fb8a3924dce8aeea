"""The machine's MIDI systems: which there are, which runs, and clients of it."""

import ctypes
from importlib import import_module
from typing import Any

from tsumami.engine.errors import DeviceError
from tsumami.engine.quiet import native_output_silenced

rtmidi: Any = import_module("rtmidi")  # its names come from a compiled module that no checker reads

_APIS: dict[str, int] = {
    "alsa": rtmidi.API_LINUX_ALSA,
    "jack": rtmidi.API_UNIX_JACK,
    "coremidi": rtmidi.API_MACOSX_CORE,
    "winmm": rtmidi.API_WINDOWS_MM,
}
_REMEDIES = {
    "alsa": "load the sequencer (modprobe snd-seq) or start a JACK server",
    "jack": "start a JACK server",
    "coremidi": "restart CoreMIDI in Audio MIDI Setup",
    "winmm": "restart the Windows MIDI service",
}
_WITHOUT_VIRTUAL_PORTS = frozenset({"winmm"})

CLIENT_NAME = "tsumami"
"""What other programs see as the name of this one; the names of all its clients begin with it."""

OUTPUT_NAME = f"{CLIENT_NAME}-out"
"""Its client that plays to others."""


class NoMidiError(DeviceError):
    """There is no MIDI system that runs; there may be one later."""


def is_own(port_name: str) -> bool:
    """Whether a port belongs to a Tsumami, this or another: opening it could close a circle."""
    return port_name.casefold().startswith(CLIENT_NAME)


def compiled_apis() -> tuple[str, ...]:
    """MIDI systems that this installation can speak to, in the order in which "auto" tries them."""
    compiled = rtmidi.get_compiled_api()
    return tuple(name for name, api in _APIS.items() if api in compiled)


def has_virtual_ports(api: str) -> bool:
    """Whether a program can offer an input port of its own on this system."""
    return api not in _WITHOUT_VIRTUAL_PORTS


def choose_api(wanted: str = "auto") -> str:
    """The MIDI system ``wanted``, or for "auto" the first that runs; raises `NoMidiError`."""
    names = compiled_apis()
    if wanted != "auto" and wanted not in names:
        raise DeviceError(
            f"midi.api must be auto or one of {', '.join(names)} on this system, got {wanted}; "
            'set midi.api = "auto"'
        )
    reasons = []
    for name in names if wanted == "auto" else (wanted,):
        try:
            close_client(open_client(name, f"{CLIENT_NAME}-probe"))
        except DeviceError as error:
            reasons.append(str(error))
        else:
            return name
    remedy = _REMEDIES.get(names[0] if names else "", "reinstall python-rtmidi")
    raise NoMidiError(f"MIDI must have a system that runs, got none ({'; '.join(reasons)}); {remedy}")


def open_client(api: str, name: str = CLIENT_NAME) -> Any:
    """A new `rtmidi.MidiIn` of a MIDI system, without a port; raises `DeviceError`."""
    client = _new_client(rtmidi.MidiIn, api, name)
    client.ignore_types(sysex=True, timing=True, active_sense=True)
    return client


def hear_clock(client: Any) -> None:
    """Let an input client bring MIDI clock too."""
    client.ignore_types(sysex=True, timing=False, active_sense=True)


def open_output_client(api: str) -> Any:
    """A new `rtmidi.MidiOut` of a MIDI system, without a port; raises `DeviceError`."""
    return _new_client(rtmidi.MidiOut, api, OUTPUT_NAME)


def open_port(api: str, number: int) -> Any:
    """A client connected to the input port at ``number`` of the system's list; raises `DeviceError`."""
    client = open_client(api, f"{CLIENT_NAME}-in")
    try:
        connect(client, number)
    except DeviceError:
        close_client(client)
        raise
    return client


def open_virtual_port(api: str) -> Any:
    """A client that offers the input port `CLIENT_NAME` to other programs; raises `DeviceError`."""
    client = open_client(api)
    try:
        offer(client)
    except DeviceError as error:
        close_client(client)
        raise DeviceError(f"midi.virtual must be false on {api}, which refuses the port ({error})") from None
    return client


def connect(client: Any, number: int) -> None:
    """Connect a client to the port at ``number`` of its list; raises `DeviceError`."""
    try:
        with native_output_silenced():
            client.open_port(number, CLIENT_NAME)
    except rtmidi.RtMidiError as error:
        raise DeviceError(f"MIDI port {number} must be free to open, got: {error}") from None


def offer(client: Any) -> None:
    """Let a client offer a port `CLIENT_NAME` to other programs; raises `DeviceError`."""
    try:
        with native_output_silenced():
            client.open_virtual_port(CLIENT_NAME)
    except rtmidi.RtMidiError as error:
        raise DeviceError(str(error)) from None


def send(client: Any, message: bytes) -> None:
    """Send one message through an output client; raises `DeviceError` when its port is lost."""
    try:
        client.send_message(message)
    except rtmidi.RtMidiError as error:
        raise DeviceError(str(error)) from None


def _new_client(kind: Any, api: str, name: str) -> Any:
    try:
        with native_output_silenced():
            return kind(_APIS[api], name=name)
    except rtmidi.SystemError:
        raise NoMidiError(f"{api} does not answer") from None


def close_client(client: Any, *, is_alive: bool = True) -> None:
    """Close the client's port and give the client back to its MIDI system.

    With a MIDI system that has died (``is_alive`` false) the client is left as it is, for good: what
    libjack shared with the server may be unmapped by now, and a call for it would end the process.
    """
    if not is_alive:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))  # nor is its destructor run
        return
    with native_output_silenced():
        client.close_port()
        client.delete()
