"""What browsers are told in words: the newest text of each kind, encoded once for all of them."""

from typing import Any

import msgspec

from tsumami.bridge.page.facts import Facts
from tsumami.bridge.page.loop import loop_document, loop_key
from tsumami.bridge.page.memory import PageMemory
from tsumami.engine.meter_block import MeterBlock

_encode = msgspec.json.Encoder().encode


class Texts(dict[str, bytes]):
    """JSON by what it is of; the session's state comes first, for the rest is about it."""

    def __init__(self, facts: Facts, engine: MeterBlock, memory: PageMemory) -> None:
        super().__init__(state=b"")
        self._has_loop = any(address.kind == "loop" for address in facts.addresses)
        self._engine, self._memory = engine, memory
        self._loop: tuple[Any, ...] = ()

    def take(self) -> None:
        """Look at what the session and its engine tell."""
        self["state"] = self._memory.read_text() or self["state"]
        if self._has_loop and (key := loop_key(self._engine)) != self._loop:
            self._loop = key
            self.put("loop", loop_document(self._engine))

    def put(self, name: str, document: dict[str, Any]) -> None:
        """Tell something from now on; any thread may call it."""
        self[name] = _encode(document)
