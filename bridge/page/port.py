"""The port that the page listens at."""

import socket

from tsumami.engine.errors import DeviceError


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket at the port, or at any that is free; raises `DeviceError` where there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    error: OSError | OverflowError
    for wanted in (port, 0):
        # Of TCP by name: only then does asyncio let small messages go at once.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, wanted))
            listening.listen()
        except (OSError, OverflowError) as refusal:
            listening.close()
            error = refusal
        else:
            return listening
    raise DeviceError(f"--page-host must be an address of this computer, got {host} ({error})")
