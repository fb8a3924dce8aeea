"""UDP ports: addresses as they are typed, and sockets that are ready to use."""

import contextlib
import socket
from dataclasses import dataclass
from typing import Any

from tsumami.engine.errors import DeviceError, ParameterError

_BUFFER_BYTES = 4 << 20
_WAIT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a UDP port; ``str()`` is what a user types."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str, name: str) -> Address:
    """The address in ``HOST:PORT``, ``[IPv6]:PORT`` or ``:PORT`` (any interface); raises `ParameterError`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ParameterError(f"{name} must be HOST:PORT with a port in 1-65535, got {text}")
    return Address(host.removeprefix("[").removesuffix("]") or "0.0.0.0", int(port))


def open_input(address: Address) -> socket.socket:
    """A socket that hears what is sent to an address, a multicast group too; raises `DeviceError`.

    Reading waits at most 0.1 s, so that its thread can end.
    """
    family, resolved = _resolve(address, "--listen")
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        _ask_for_buffer(opened)
        is_group = family == socket.AF_INET and 224 <= int(resolved[0].split(".")[0]) < 240
        if is_group:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(resolved)
        if is_group:
            membership = socket.inet_aton(resolved[0]) + socket.inet_aton("0.0.0.0")
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError as error:
        opened.close()
        raise DeviceError(
            f"--listen must be an address of this computer with a free port, got {address} "
            f"({error.strerror}); choose another, or end the program that holds it"
        ) from None
    opened.settimeout(_WAIT_SECONDS)
    return opened


def open_output(address: Address) -> tuple[socket.socket, Any]:
    """A socket to send with, and the address for its `sendto`; raises `DeviceError`."""
    family, resolved = _resolve(address, "--send")
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.setblocking(False)  # a full network loses packets; it must not hold up those to come
    return opened, resolved


def _resolve(address: Address, name: str) -> tuple[socket.AddressFamily, Any]:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise DeviceError(f"{name} must name a known host, got {address} ({error.strerror})") from None
    family, *_, resolved = found[0]
    return family, resolved


def _ask_for_buffer(opened: socket.socket) -> None:
    """Room for what comes while Python is busy; systems may give less."""
    with contextlib.suppress(OSError):
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
