"""For which system a compiled file is, from its first bytes: ELF, PE and Mach-O."""

import platform
import struct
import sys
from pathlib import Path
from typing import Final

_ELF_MACHINES: Final = {0x03: "i386", 0x28: "arm", 0x3E: "x86_64", 0xB7: "aarch64", 0xF3: "riscv64"}
_PE_MACHINES: Final = {0x14C: "i386", 0x8664: "x86_64", 0xAA64: "aarch64"}
_MACH_MACHINES: Final = {0x1000007: "x86_64", 0x100000C: "aarch64"}
_MACH_FAT: Final = b"\xca\xfe\xba\xbe"
_MACH: Final = b"\xcf\xfa\xed\xfe"
_HERE: Final = {"amd64": "x86_64", "arm64": "aarch64"}
_SYSTEMS: Final = {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}
_HEAD_BYTES = 4096


def this_system() -> tuple[str, str]:
    """System and machine of this process, such as ``("Linux", "x86_64")``."""
    machine = platform.machine().lower()
    return _SYSTEMS.get(sys.platform, sys.platform), _HERE.get(machine, machine)


def built_for(path: Path) -> list[tuple[str, str]]:
    """Systems and machines that a file is compiled for; none for a file that is no program."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    try:
        if head.startswith(b"\x7fELF"):
            order = "<" if head[5] == 1 else ">"
            (machine,) = struct.unpack_from(f"{order}H", head, 18)
            return [("Linux", _ELF_MACHINES.get(machine, f"machine {machine}"))]
        if head.startswith(b"MZ"):
            (offset,) = struct.unpack_from("<I", head, 0x3C)
            (machine,) = struct.unpack_from("<H", head, offset + 4)
            return [("Windows", _PE_MACHINES.get(machine, f"machine {machine}"))]
        if head.startswith(_MACH):
            return [("macOS", _mach(struct.unpack_from("<I", head, 4)[0]))]
        if head.startswith(_MACH_FAT):
            (count,) = struct.unpack_from(">I", head, 4)
            return [("macOS", _mach(struct.unpack_from(">I", head, 8 + 20 * i)[0])) for i in range(count)]
    except (struct.error, IndexError):
        return []
    return []


def _mach(machine: int) -> str:
    return _MACH_MACHINES.get(machine, f"machine {machine}")
