"""What a VST2 module says of itself, read without a host. The layout is that of the VST 2.4 interface.

Reading it runs the plugin's own code: do it only in a process that may die.
"""

import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_float, c_int32, c_ssize_t, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tsumami.engine.errors import PluginError

_MAGIC: Final = int.from_bytes(b"VstP", "big")
_IS_SYNTH: Final = 1 << 8
_OPEN, _NAME, _VENDOR, _VERSION = 0, 45, 47, 49
_HOST_ASKED_VERSION, _HOST_VERSION = 1, 2400
_ENTRIES: Final = ("VSTPluginMain", "main", "main_macho")
_TEXT_BYTES = 256

_Host = CFUNCTYPE(c_ssize_t, c_void_p, c_int32, c_int32, c_ssize_t, c_void_p, c_float)


class _Effect(Structure):
    """AEffect, as far as it is read."""

    _fields_ = (
        ("magic", c_int32),
        ("dispatcher", CFUNCTYPE(c_ssize_t, c_void_p, c_int32, c_int32, c_ssize_t, c_void_p, c_float)),
        ("process", c_void_p),
        ("set_parameter", c_void_p),
        ("get_parameter", c_void_p),
        ("programs", c_int32),
        ("parameters", c_int32),
        ("inputs", c_int32),
        ("outputs", c_int32),
        ("flags", c_int32),
        ("reserved", c_ssize_t * 2),
        ("latency_samples", c_int32),
        ("deprecated", c_int32 * 3),
        ("object", c_void_p),
        ("user", c_void_p),
        ("unique_id", c_int32),
    )


@dataclass(frozen=True, slots=True)
class Vst2Module:
    """Name, vendor and version may be empty; ``plugin_id`` is four characters."""

    name: str
    vendor: str
    version: str
    plugin_id: str
    is_instrument: bool


def _answer(_effect: Any, opcode: int, _index: int, _value: int, _data: Any, _number: float) -> int:
    """The host's side: its version, and no to everything else."""
    return _HOST_VERSION if opcode == _HOST_ASKED_VERSION else 0


_ANSWER: Final = _Host(_answer)
"""Kept as long as the module, which may call it at any time."""


def read_vst2(path: Path) -> Vst2Module:
    """Load a module and ask. Raises `PluginError` for a file that is no VST2 plugin of this system."""
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise PluginError(f"plugin must be a VST2 or VST3 plugin for this system, got {error}") from error
    entry = next((getattr(library, name) for name in _ENTRIES if hasattr(library, name)), None)
    if entry is None:
        raise PluginError(f"plugin must be a VST2 or VST3 plugin, got the library {path}")
    entry.restype, entry.argtypes = POINTER(_Effect), [_Host]
    found = entry(_ANSWER)
    if not found or found.contents.magic != _MAGIC:
        raise PluginError(f"plugin must be a VST2 or VST3 plugin, got the library {path}")
    effect = found.contents
    address = ctypes.addressof(effect)
    effect.dispatcher(address, _OPEN, 0, 0, None, 0.0)

    def text(opcode: int) -> str:
        buffer = ctypes.create_string_buffer(_TEXT_BYTES)
        effect.dispatcher(address, opcode, 0, 0, ctypes.cast(buffer, c_void_p), 0.0)
        return (c_char_p(buffer.value).value or b"").decode("utf-8", "replace").strip()

    version = effect.dispatcher(address, _VERSION, 0, 0, None, 0.0)
    return Vst2Module(
        text(_NAME),
        text(_VENDOR),
        str(version or ""),
        (effect.unique_id & 0xFFFFFFFF).to_bytes(4, "big").decode("latin-1"),
        bool(effect.flags & _IS_SYNTH),
    )
