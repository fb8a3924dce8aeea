"""A found patch sent to a live session by OSC, and its answer."""

import socket
from typing import Final

from tsumami.bridge.mapping.address import ROOT
from tsumami.bridge.osc.packets import LARGEST, message, read_packet
from tsumami.engine.errors import SessionError

_PATIENCE_SECONDS: Final = 1.0
_ERROR: Final = f"{ROOT}/error"
_END: Final = f"{ROOT}/query/end"


def load_patch(name: str, host: str, port: int) -> None:
    """Load a patch by name into the live session that listens at ``host`` and ``port``.

    Raises `SessionError` where none answers, or where the session has no such patch.
    """
    asked = [message(f"{ROOT}/patch", name), message(f"{ROOT}/query", f"{ROOT}/panic")]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(_PATIENCE_SECONDS)
        try:
            client.connect((host, port))
            for each in asked:  # the answer to the second says that the first is done
                client.send(each.dgram)
            while True:
                for reply in read_packet(client.recv(LARGEST)):
                    if reply.address == _ERROR:
                        raise SessionError(f"patch must be one of the live session: {reply.values[0]}")
                    if reply.address == _END:
                        return
        except (OSError, OverflowError, ValueError):
            raise SessionError(
                f"a live session must listen at {host}:{port} to load {name}, got no answer; "
                f"tsumami live --osc-port {port}"
            ) from None
