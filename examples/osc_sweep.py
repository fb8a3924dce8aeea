"""Sweep a macro from another program, by OSC.

    tsumami live --osc-port 9000 --demo
    python examples/osc_sweep.py --port 9000 --macro bright

Lists what can be moved, then turns the macro up and down once and says what moves with it.
"""

import argparse
import math
import socket
import time
from collections.abc import Iterator
from typing import Any

from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

ANSWER_SECONDS = 2.0


class Client:
    """A socket that sends messages and hears what comes back."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((host, port))

    def send(self, address: str, *values: Any) -> None:
        """Send one message."""
        builder = OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value)
        self._socket.send(builder.build().dgram)

    def hear(self, seconds: float) -> Iterator[tuple[str, list[Any]]]:
        """What comes in during a time: addresses and arguments."""
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            self._socket.settimeout(rest)
            try:
                packet = OscPacket(self._socket.recv(65_536))
            except TimeoutError:
                return
            yield from ((timed.message.address, list(timed.message)) for timed in packet.messages)


def addresses(client: Client) -> list[str]:
    """Everything that can be moved."""
    client.send("/tsumami/query")
    found = []
    for address, values in client.hear(ANSWER_SECONDS):
        if address == "/tsumami/query/end":
            return found
        found.append(values[0])
    raise SystemExit("no answer: is `tsumami live --osc-port` running?")


def main() -> None:
    """Sweep, and say what moved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--macro", default="bright")
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()

    client = Client(options.host, options.port)
    found = addresses(client)
    print(f"{len(found)} addresses, such as {found[0]}")
    macro = f"/tsumami/macro/{options.macro}"
    if macro not in found:
        raise SystemExit(f"no {macro}; there are {', '.join(name for name in found if '/macro/' in name)}")
    client.send("/tsumami/subscribe")
    ranges: dict[str, tuple[float, float]] = {}
    steps = round(options.seconds * 50)
    for step in range(steps + 1):
        client.send(macro, 0.5 - 0.5 * math.cos(2 * math.pi * step / steps))
        for address, values in client.hear(0.02):
            if isinstance(values[0], float):
                low, high = ranges.get(address, (1.0, 0.0))
                ranges[address] = (min(low, values[0]), max(high, values[0]))
    moved = {
        name: ends for name, ends in ranges.items() if ends[1] - ends[0] > 0.01 and "/parameter/" in name
    }
    for name, (low, high) in sorted(moved.items(), key=lambda item: item[1][0] - item[1][1]):
        print(f"{name.removeprefix('/tsumami/parameter/'):24} {low:.2f} to {high:.2f}")


if __name__ == "__main__":
    main()
