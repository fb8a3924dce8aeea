"""For which system a compiled file is made, from its first bytes.

Sources: System V ABI (ELF header), Microsoft PE format, Apple's ``mach-o/loader.h`` and ``mach-o/fat.h``.
"""

import platform
import struct
import sys
from pathlib import Path

from tsumami.plugins.scan.report import Format
from tsumami.plugins.vst3.bundle import module_file, module_files

_ELF_MACHINES = {3: "i386", 40: "ARM", 62: "x86-64", 183: "ARM64", 243: "RISC-V"}
_PE_MACHINES = {0x014C: "i386", 0x01C4: "ARM", 0x8664: "x86-64", 0xAA64: "ARM64"}
_MACH_MACHINES = {7: "i386", 12: "ARM", 0x01000007: "x86-64", 0x0100000C: "ARM64"}
_SYSTEMS = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}
_NAMES = {"x86_64": "x86-64", "AMD64": "x86-64", "aarch64": "ARM64", "arm64": "ARM64", "riscv64": "RISC-V"}
_HEAD_BYTES = 4096
_MOST_FAT_ENTRIES = 16
"""A Java class begins with the same four bytes as a file for several Macs, and a larger number."""


def unusable(path: Path, plugin_format: Format) -> str:
    """Why a plugin's file cannot be loaded here, in a phrase; empty if its header speaks for it."""
    try:
        file = module_file(path) if plugin_format == "VST3" else vst2_file(path)
        files = [file] if file else module_files(path)
        found = sorted({system for each in files for system in systems(_head(each))})
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if file and _here() in found:
        return ""
    if found:
        return f"is for {' and '.join(found)}, not {_here()}"
    return "is not a plugin" if file else "is a folder without a plugin"


def systems(head: bytes) -> list[str]:
    """Systems such as ``"Linux x86-64"`` for which a file that begins so is compiled; none if it is not."""
    for read in (_elf, _pe, _mach_o):
        try:
            if found := read(head):
                return found
        except struct.error:  # it ends too soon
            continue
    return []


def vst2_file(path: Path) -> Path | None:
    """The compiled module of a VST2 plugin: the file itself, or what stands in a macOS bundle."""
    if path.is_file():
        return path
    return next(iter(sorted((path / "Contents" / "MacOS").glob("*"))), None)


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(_HEAD_BYTES)


def _here() -> str:
    return f"{_SYSTEMS.get(sys.platform, sys.platform)} {_NAMES.get(platform.machine(), platform.machine())}"


def _elf(head: bytes) -> list[str]:
    if not head.startswith(b"\x7fELF"):
        return []
    order = "<" if head[5:6] == b"\x01" else ">"
    (machine,) = struct.unpack_from(f"{order}H", head, 18)
    return [f"Linux {_ELF_MACHINES.get(machine, 'of another kind')}"]


def _pe(head: bytes) -> list[str]:
    if not head.startswith(b"MZ"):
        return []
    (start,) = struct.unpack_from("<I", head, 0x3C)
    if head[start : start + 4] != b"PE\0\0":
        return []
    (machine,) = struct.unpack_from("<H", head, start + 4)
    return [f"Windows {_PE_MACHINES.get(machine, 'of another kind')}"]


def _mach_o(head: bytes) -> list[str]:
    (magic,) = struct.unpack_from(">I", head)
    if magic in (0xFEEDFACE, 0xFEEDFACF, 0xCEFAEDFE, 0xCFFAEDFE):
        order = ">" if magic in (0xFEEDFACE, 0xFEEDFACF) else "<"
        machines = list(struct.unpack_from(f"{order}I", head, 4))
    elif magic in (0xCAFEBABE, 0xCAFEBABF):
        (count,) = struct.unpack_from(">I", head, 4)
        if count > _MOST_FAT_ENTRIES:
            return []
        size = 20 if magic == 0xCAFEBABE else 32
        machines = [struct.unpack_from(">I", head, 8 + entry * size)[0] for entry in range(count)]
    else:
        return []
    return [f"macOS {_MACH_MACHINES.get(machine, 'of another kind')}" for machine in machines]
