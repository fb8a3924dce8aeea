"""Common controllers, as data: their knobs and buttons, and what they move unless a session says else."""

from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import msgspec

from tsumami.bridge.session.map_tables import Action, Map
from tsumami.engine.errors import SessionError


class Controller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One controller: numbers are of control changes, ``channel`` is 1-16, or 0 for any."""

    name: str
    set_up: str
    """The mode in which it sends them."""
    knobs: tuple[int, ...]
    gain: int
    channel: int = 0
    buttons: dict[Action, int | tuple[int, ...]] = {}
    """By what they do; several are for the snapshots 1, 2, …"""

    def maps(self, targets: Iterable[dict[str, Any]]) -> list[Map]:
        """Its knobs on ``targets``, fields of maps, as far as they go; the gain; and the buttons."""
        knobs = [
            Map(cc=cc, channel=self.channel, takeover="pickup", **target)
            for cc, target in zip(self.knobs, targets, strict=False)
        ]
        return [
            *knobs,
            Map(cc=self.gain, channel=self.channel, takeover="pickup", gain=True),
            *self._buttons(),
        ]

    def _buttons(self) -> Iterable[Map]:
        for action, numbers in self.buttons.items():
            if isinstance(numbers, int):
                yield Map(cc=numbers, channel=self.channel, action=action)
            else:
                for slot, cc in enumerate(numbers, 1):
                    yield Map(cc=cc, channel=self.channel, action=action, slot=slot)


def controller_names() -> list[str]:
    """What sessions can call them."""
    folder = files("tsumami.bridge.controllers")
    return sorted(
        entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")
    )


def load_controller(name: str) -> Controller:
    """The controller of a name; raises `SessionError` for one that is not known."""
    names = controller_names()
    if name not in names:
        raise SessionError(f"midi.controller must be one of {', '.join(names)}, got {name!r}")
    text = (files("tsumami.bridge.controllers") / f"{name}.toml").read_bytes()
    return msgspec.toml.decode(text, type=Controller)
