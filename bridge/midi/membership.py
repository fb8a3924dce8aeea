"""Being a client of a MIDI system, which may die."""

import time
from collections import deque
from typing import Any, Final

from tsumami.bridge.midi.jack_graph import JackGraph, open_jack_graph
from tsumami.bridge.midi.system import close_client

_SETTLED_SECONDS: Final = 0.3
"""From a port that goes with its server to the news that the server has died, by far."""


class Membership:
    """From the first client that is opened of a MIDI system to `leave`.

    A call of libjack for a server that has just died ends the process. So a client whose port has gone is
    given back a little later, when it is known whether the server went with it.
    """

    def __init__(self, api: str) -> None:
        self.graph: JackGraph | None = open_jack_graph() if api == "jack" else None
        """A look at the system, where it is JACK."""
        self._waiting: deque[tuple[float, Any]] = deque()
        self._is_over = False

    @property
    def is_alive(self) -> bool:
        """Whether the system runs; only JACK's servers are known to die."""
        return self.graph is None or self.graph.is_alive

    def give_back(self, client: Any) -> None:
        """Close a client, or leave it where the system has died."""
        close_client(client, is_alive=self.is_alive)

    def give_back_later(self, client: Any) -> None:
        """Close a client whose port has gone, by `tidy` or `leave`; any thread may call it."""
        if self._is_over or not self.is_alive:
            self.give_back(client)
        else:
            self._waiting.append((settled_at(), client))

    def tidy(self) -> None:
        """Close the clients whose time has come."""
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            self.give_back(self._waiting.popleft()[1])

    def leave(self) -> None:
        """Close what waits, and watch no more."""
        self._is_over = True
        while self._waiting:
            self.give_back(self._waiting.popleft()[1])
        if self.graph is not None:
            self.graph.close()


def settled_at() -> float:
    """When it will be known whether a server has died with the port that goes now (`time.monotonic`)."""
    return time.monotonic() + _SETTLED_SECONDS
