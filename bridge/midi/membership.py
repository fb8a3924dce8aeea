"""Being a client of a MIDI system, which may die."""

from typing import Any

from tsumami.bridge.midi.jack_graph import JackGraph, open_jack_graph
from tsumami.bridge.midi.system import close_client


class Membership:
    """From `join` to `leave`; a MIDI system that died may be joined again when there is a new one."""

    def __init__(self) -> None:
        self.graph: JackGraph | None = None
        """A look at the system, where it is JACK."""

    @property
    def is_alive(self) -> bool:
        """Whether the system runs; only JACK's servers are known to die."""
        return self.graph is None or self.graph.is_alive

    def join(self, api: str) -> None:
        """Begin to watch the system that clients are opened of from now on."""
        self.graph = open_jack_graph() if api == "jack" else None

    def give_back(self, client: Any) -> None:
        """Close a client, or leave it where the system has died; nothing where there is none."""
        if client is not None:
            close_client(client, is_alive=self.is_alive)

    def leave(self) -> None:
        """Watch no more; the clients are given back before."""
        if self.graph is not None:
            self.graph.close()
            self.graph = None
