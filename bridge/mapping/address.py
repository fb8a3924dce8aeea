"""Addresses of targets, in the form of OSC: how OSC, the page and snapshots call them."""

import re
from collections.abc import Mapping
from typing import Final

from tsumami.bridge.mapping.target import Target
from tsumami.bridge.mapping.targets import Place

ROOT: Final = "/tsumami"
_FORBIDDEN: Final = re.compile(r"[^!-~]|[#*,/?\[\]{}]")
"""What OSC does not allow in a part of an address: blanks, what is not ASCII, and its own signs."""


def addresses_of(targets: Mapping[Place, Target]) -> dict[str, Target]:
    """The targets by address; numbered where several names come to the same."""
    named: dict[str, Target] = {}
    for place, target in targets.items():
        wanted = address = "/".join([ROOT, *map(_part, place)])
        number = 1
        while address in named:
            number += 1
            address = f"{wanted}_{number}"
        named[address] = target
    return named


def _part(name: str) -> str:
    return _FORBIDDEN.sub("_", name) or "_"
