"""The containers of VST2: programs (``.fxp``) and banks (``.fxb``), big-endian.

Four kinds: ``FxCk`` a program and ``FxBk`` a bank of parameter values; ``FPCh`` a program and ``FBCh`` a bank
whose content is the plugin's own chunk. Source: the VST 2.4 SDK, ``vstfxstore.h``.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tsumami.engine.errors import ParameterError

MAGIC: Final = b"CcnK"
PROGRAM, PROGRAM_CHUNK, BANK, BANK_CHUNK = b"FxCk", b"FPCh", b"FxBk", b"FBCh"

_HEADER: Final = struct.Struct(">4si4si4s4si")
"""Magic, bytes that follow, kind, format version, plugin id, plugin version, programs or parameters."""
_NAME: Final = struct.Struct(">28s")
_SIZE: Final = struct.Struct(">i")
_BANK_RESERVED: Final = 128


@dataclass(frozen=True, slots=True)
class Program:
    """One program, or a whole bank in one chunk. Either ``values`` or ``chunk`` holds the sound."""

    name: str
    plugin_id: str
    version: bytes
    """The plugin's, four bytes."""
    values: tuple[float, ...] = ()
    chunk: bytes | None = None


def is_bank(data: bytes) -> bool:
    """Whether the container says that it holds a bank."""
    return data[8:12] in (BANK, BANK_CHUNK)


def unpack(data: bytes, source: str) -> tuple[Program, ...]:
    """The programs of a container; `ParameterError` when it is none or is cut off."""
    try:
        return _unpack(data)
    except struct.error:
        raise ParameterError(f"{source} must be a whole VST2 preset, got a file that is cut off") from None
    except ParameterError as error:
        raise ParameterError(f"{source}: {error}") from None


def pack_program(program: Program) -> bytes:
    """A program's file."""
    if program.chunk is None:
        body = struct.pack(f">{len(program.values)}f", *program.values)
        return _packed(PROGRAM, program, len(program.values), _packed_name(program.name) + body)
    content = _packed_name(program.name) + _SIZE.pack(len(program.chunk)) + program.chunk
    return _packed(PROGRAM_CHUNK, program, 1, content)


def pack_bank(programs: Sequence[Program]) -> bytes:
    """A bank's file: of programs with values, or the one chunk of a whole bank."""
    first, reserved = programs[0], bytes(_BANK_RESERVED)
    if first.chunk is not None:
        return _packed(BANK_CHUNK, first, 1, reserved + _SIZE.pack(len(first.chunk)) + first.chunk)
    return _packed(BANK, first, len(programs), reserved + b"".join(map(pack_program, programs)))


def _unpack(data: bytes) -> tuple[Program, ...]:
    magic, _, kind, _, plugin_id, version, count = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise ParameterError(f"file must begin with {MAGIC.decode()}, got {magic!r}")
    name_of_plugin = plugin_id.decode("latin-1")
    offset = _HEADER.size
    if kind == BANK:
        return _unpack_programs(data, offset + _BANK_RESERVED, count)
    if kind == BANK_CHUNK:
        return (Program("", name_of_plugin, version, chunk=_chunk(data, offset + _BANK_RESERVED)),)
    name = _NAME.unpack_from(data, offset)[0].split(b"\0")[0].decode("latin-1")
    if kind == PROGRAM:
        return (Program(name, name_of_plugin, version, _values(data, offset + _NAME.size, count)),)
    if kind == PROGRAM_CHUNK:
        return (Program(name, name_of_plugin, version, chunk=_chunk(data, offset + _NAME.size)),)
    raise ParameterError(f"kind must be one of FxCk, FPCh, FxBk, FBCh, got {kind!r}")


def _unpack_programs(data: bytes, offset: int, count: int) -> tuple[Program, ...]:
    """The programs of a bank, one behind the other."""
    programs: list[Program] = []
    for _ in range(count):
        kind, values = data[offset + 8 : offset + 12], _HEADER.unpack_from(data, offset)[-1]
        if kind != PROGRAM:
            raise ParameterError(f"programs of a bank must be of kind FxCk, got {kind!r}")
        size = _HEADER.size + _NAME.size + 4 * max(values, 0)
        programs += _unpack(data[offset : offset + size])
        offset += size
    if not programs:
        raise ParameterError("bank must hold at least one program, got none")
    return tuple(programs)


def _values(data: bytes, offset: int, count: int) -> tuple[float, ...]:
    if not 0 <= count <= len(data):
        raise ParameterError(f"number of parameters must fit the file, got {count}")
    values: tuple[float, ...] = struct.unpack_from(f">{count}f", data, offset)
    if not all(map(math.isfinite, values)):
        raise ParameterError("parameters must be numbers, got one that is not")
    return values


def _chunk(data: bytes, offset: int) -> bytes:
    (size,) = _SIZE.unpack_from(data, offset)
    start = offset + _SIZE.size
    if not 0 <= size <= len(data) - start:
        raise ParameterError(f"chunk must be whole, got {len(data) - start} of its {size} bytes")
    return data[start : start + size]


def _packed(kind: bytes, program: Program, count: int, content: bytes) -> bytes:
    plugin_id = program.plugin_id.encode("latin-1", "replace")
    rest = _HEADER.size - 8 + len(content)
    return _HEADER.pack(MAGIC, rest, kind, 1, plugin_id, program.version, count) + content


def _packed_name(name: str) -> bytes:
    """28 bytes, the last of them zero; what is longer is cut, letters beyond Latin-1 become ``?``."""
    return _NAME.pack(name.encode("latin-1", "replace")[: _NAME.size - 1])
