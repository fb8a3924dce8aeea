"""One open MIDI input port: its client, its parser and the notes that it holds."""

import time
from collections import deque
from typing import Any

import numpy as np

from tsumami.bridge.midi.clock_messages import ClockMessages
from tsumami.bridge.midi.decode import Decoder
from tsumami.bridge.midi.membership import Membership
from tsumami.bridge.midi.parser import Message, Parser
from tsumami.engine.events import NO_EVENTS, Events

_ECHO_NS = 20_000_000


class Echoes:
    """Recognises a message that arrives twice: at the virtual port and at its sender's own port.

    A program that connects itself to the virtual port is often also one of the ports that are
    opened here. Two equal messages, one from either side, read within 20 ms are taken as one.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[int, bool, Message]] = deque()

    def is_echo(self, message: Message, *, virtual: bool, stamp_ns: int) -> bool:
        """Whether the other side has just brought ``message``; each is matched once."""
        recent = self._recent
        while recent and stamp_ns - recent[0][0] > _ECHO_NS:
            recent.popleft()
        for entry in recent:
            if entry[1] != virtual and entry[2] == message:
                recent.remove(entry)
                return True
        recent.append((stamp_ns, virtual, message))
        return False


class InputPort:
    """Reads one port: made by the watcher, then used by the reader alone. [MIDI thread]."""

    def __init__(
        self,
        name: str,
        client: Any,
        decoder: Decoder,
        echoes: Echoes,
        membership: Membership,
        *,
        virtual: bool,
        clock: ClockMessages | None = None,
    ) -> None:
        self.name = name
        self._client, self._membership = client, membership
        self._virtual = virtual
        self._echoes, self._clock = echoes, clock
        self._parser = Parser()
        self.decoder = decoder

    def read(self) -> Events:
        """Events of what has arrived since the last call, stamped as each message is taken up."""
        blocks: list[Events] = []
        while (packet := self._client.get_message()) is not None:
            stamp_ns = time.perf_counter_ns()
            for message in self._parser.feed(packet[0]):
                if self._clock is not None:
                    self._clock.take(self.name, message, stamp_ns)
                events = self.decoder.decode((message,), stamp_ns=stamp_ns)
                if not self._echoes.is_echo(message, virtual=self._virtual, stamp_ns=stamp_ns):
                    blocks.append(events)
        return np.concatenate(blocks) if blocks else NO_EVENTS

    def close(self) -> Events:
        """Give the client back, soon; returns the note offs and pedals up that it still owes."""
        self._membership.give_back_later(self._client)
        return self.decoder.release(stamp_ns=time.perf_counter_ns())
