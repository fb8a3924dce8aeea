"""What a VST2 module says of itself, read without a host.

Reading it runs the plugin's own code: do it only in a process that may die. The binary interface is that of
the free header ``vestige.h`` (LMMS).
"""

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_float, c_int32, c_ssize_t, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsumami.engine.errors import PluginError

_ENTRIES = ("VSTPluginMain", "main", "main_macho")
_MAGIC = int.from_bytes(b"VstP", "big")
_IS_SYNTH = 1 << 8
_HOST_VERSION_QUESTION, _HOST_VERSION = 1, 2400
_OPEN, _NAME, _VENDOR, _VERSION = 0, 45, 47, 49
_TEXT_BYTES = 1024
"""Plugins write past the 64 bytes that the interface names."""

_Host = CFUNCTYPE(c_ssize_t, c_void_p, c_int32, c_int32, c_ssize_t, c_void_p, c_float)
_Dispatcher = CFUNCTYPE(c_ssize_t, c_void_p, c_int32, c_int32, c_ssize_t, c_void_p, c_float)


class _Effect(ctypes.Structure):
    """``AEffect``, as far as it is read."""

    _fields_ = (
        ("magic", c_int32),
        ("dispatcher", _Dispatcher),
        ("process", c_void_p),
        ("set_parameter", c_void_p),
        ("get_parameter", c_void_p),
        ("program_count", c_int32),
        ("parameter_count", c_int32),
        ("input_count", c_int32),
        ("output_count", c_int32),
        ("flags", c_int32),
        ("reserved", c_ssize_t * 2),
        ("latency_samples", c_int32),
        ("deprecated", c_int32 * 3),
        ("object", c_void_p),
        ("user", c_void_p),
        ("plugin_id", c_int32),
    )


@dataclass(frozen=True, slots=True)
class Vst2Module:
    """Name, vendor and version may be empty; ``plugin_id`` is four characters."""

    name: str
    vendor: str
    version: str
    plugin_id: str
    is_instrument: bool


_ANSWER = _Host(lambda _effect, question, *_: _HOST_VERSION if question == _HOST_VERSION_QUESTION else 0)
"""The host's side: its version, and no to everything else. A module may call it at any time."""


def read_vst2(path: Path) -> Vst2Module:
    """Load a module and ask. Raises `PluginError` for a file that is no VST2 plugin of this system."""
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise PluginError("is not a VST2 plugin that loads") from error
    start: Any = next((getattr(library, name) for name in _ENTRIES if hasattr(library, name)), None)
    if start is None:
        raise PluginError("is a library, not a plugin")
    start.restype, start.argtypes = POINTER(_Effect), (_Host,)
    found = start(_ANSWER)
    if not found or found.contents.magic != _MAGIC:
        raise PluginError("is a library, not a plugin")
    effect = found.contents

    def ask(question: int, text: Any = None) -> int:
        return int(effect.dispatcher(ctypes.addressof(effect), question, 0, 0, text, 0.0))

    def text(question: int) -> str:
        buffer = ctypes.create_string_buffer(_TEXT_BYTES)
        ask(question, ctypes.cast(buffer, c_void_p))
        return buffer.value.decode("utf-8", "replace").strip()

    ask(_OPEN)
    return Vst2Module(
        text(_NAME),
        text(_VENDOR),
        str(ask(_VERSION) or ""),
        (effect.plugin_id & 0xFFFFFFFF).to_bytes(4, "big").decode("latin-1"),
        bool(effect.flags & _IS_SYNTH),
    )
