"""What an OSC client can reach: every target of the session by its address, notes, patches and panic."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from tsumami.bridge.mapping import Positions, Target
from tsumami.bridge.mapping.address import ROOT
from tsumami.bridge.mapping.command import SLOTS, Command, index_of, morph_index
from tsumami.bridge.session.tables import FASTEST_BPM, SLOWEST_BPM
from tsumami.engine.events import EVENT_DTYPE, NOW, Events, Kind

_CHANNELS: Final = 16
_PATTERN: Final = re.compile(r"[?*\[{]")

_MEANINGS: Final = {"?": "[^/]", "*": "[^/]*", "{": "(?:", "}": ")", ",": "|", "[": "[", "]": "]", "-": "-"}
_MOST_SIGNS: Final = 8
"""In a pattern: the time that it takes grows fast with their number."""

_BUTTONS: Final = ("compare", "undo", "redo", "panic", "randomise", "tap", "start", "stop")

_Row = tuple[int, int, float, int, int, int]


class Item(NamedTuple):
    """One address as a query lists it: its OSC type tags, and the range of its first argument."""

    address: str
    types: str
    low: float
    high: float
    value: float | None = None


class Surface:
    """Turns messages about ``targets``, by address, into events for ``sink``.

    ``lock`` keeps an address from snapshots, or lets it go; ``learn`` lets one wait for a knob; ``patches``
    are the names of what program changes choose from.
    """

    def __init__(
        self,
        targets: Mapping[str, Target],
        positions: Positions,
        sink: Callable[[Events], None],
        patches: Sequence[str] = (),
        lock: Callable[[str, bool], None] | None = None,
        learn: Callable[[str], None] | None = None,
    ) -> None:
        self._positions, self._sink, self._patches = positions, sink, patches
        self._lock, self._learn = lock, learn
        self._targets = targets
        self._held: set[tuple[int, int]] = set()  # (channel, note)
        self._actions: dict[str, Callable[..., list[_Row]]] = {
            f"{ROOT}/note": self._note,
            f"{ROOT}/patch": self._patch,
            f"{ROOT}/panic": self._panic,
            f"{ROOT}/snapshot/recall": lambda slot: _slot(Command.RECALL, slot),
            f"{ROOT}/snapshot/store": lambda slot: _slot(Command.STORE, slot),
            f"{ROOT}/morph": self._morph,
            f"{ROOT}/morph/straight": partial(self._morph, is_straight=True),
            f"{ROOT}/compare": lambda: [_command(Command.COMPARE)],
            f"{ROOT}/randomise": lambda: [_command(Command.RANDOMISE)],
            f"{ROOT}/bpm": self._bpm,
            f"{ROOT}/tap": lambda: [_command(Command.TAP)],
            f"{ROOT}/start": lambda: [_command(Command.START)],
            f"{ROOT}/stop": lambda: [_command(Command.STOP)],
            f"{ROOT}/undo": lambda: [_command(Command.UNDO)],
            f"{ROOT}/redo": lambda: [_command(Command.REDO)],
            f"{ROOT}/lock": self._lock_address,
            f"{ROOT}/learn": self._learn_address,
        }

    def act(self, address: str, values: Sequence[Any], stamp_ns: int = 0) -> None:
        """Do what a message says; raises `ValueError` in one sentence where it cannot be done."""
        action = self._actions.get(address)
        if action is not None:
            try:
                rows = action(*values)
            except TypeError:
                raise ValueError(f"{address} must have other arguments, got {list(values)}") from None
        else:
            rows = [_moved(target, address, values) for target in self._found(address)]
        if rows:
            self._sink(np.array([(NOW, stamp_ns, *row[2:]) for row in rows], EVENT_DTYPE))

    def release(self) -> None:
        """Let go of the notes that are held."""
        rows = [_row(Kind.NOTE_OFF, note, 0.0, channel) for channel, note in sorted(self._held)]
        self._held.clear()
        if rows:
            self._sink(np.array(rows, EVENT_DTYPE))

    def items(self) -> list[Item]:
        """All addresses, with their types, ranges and present values."""
        last_patch = float(max(len(self._patches) - 1, 0))
        actions = [
            Item(f"{ROOT}/note", "if", 0.0, 127.0),
            Item(f"{ROOT}/patch", "i", 0.0, last_patch),
            Item(f"{ROOT}/snapshot/recall", "i", 1.0, SLOTS),
            Item(f"{ROOT}/snapshot/store", "i", 1.0, SLOTS),
            Item(f"{ROOT}/morph", "iif", 1.0, SLOTS),
            Item(f"{ROOT}/morph/straight", "iif", 1.0, SLOTS),
            Item(f"{ROOT}/lock", "si", 0.0, 1.0),
            Item(f"{ROOT}/learn", "s", 0.0, 0.0),
            Item(f"{ROOT}/bpm", "f", SLOWEST_BPM, FASTEST_BPM),
            *(Item(f"{ROOT}/{name}", "", 0.0, 0.0) for name in _BUTTONS),
        ]
        return [Item(address, "f", 0.0, 1.0, value) for address, value in self.state().items()] + actions

    def state(self) -> dict[str, float | None]:
        """The position 0-1 of every target, None where nobody has moved it yet."""
        return {address: self._position(target) for address, target in self._targets.items()}

    def _position(self, target: Target) -> float | None:
        value = self._positions(target)
        return None if value is None else target.position(value)

    def _found(self, address: str) -> list[Target]:
        """The target at an address, or all that a pattern of OSC 1.0 matches."""
        if address in self._targets:
            return [self._targets[address]]
        if _PATTERN.search(address):
            pattern = _expression(address)
            found = [target for name, target in self._targets.items() if pattern.fullmatch(name)]
            if found:
                return found
        raise ValueError(f"OSC address must be one that {ROOT}/query lists, got {address}")

    def _note(self, note: int, velocity: float, channel: int = 1) -> list[_Row]:
        """A note on, or off where the velocity, 0-1, is 0."""
        if not (0 <= note <= 127 and 0.0 <= velocity <= 1.0 and 1 <= channel <= _CHANNELS):
            raise ValueError(
                f"{ROOT}/note must have a note 0-127, a velocity 0-1 and a channel 1-16, "
                f"got {note} {velocity} {channel}"
            )
        key = (channel - 1, note)
        (self._held.add if velocity > 0.0 else self._held.discard)(key)
        return [_row(Kind.NOTE_ON if velocity > 0.0 else Kind.NOTE_OFF, note, velocity, channel - 1)]

    def _patch(self, which: int | str) -> list[_Row]:
        """A patch by its number, from 0, or its name."""
        number = self._patches.index(which) if which in self._patches else which
        if not isinstance(number, int) or not 0 <= number < len(self._patches):
            raise ValueError(f"{ROOT}/patch must have the number or name of a patch, got {which!r}")
        return [_row(Kind.PATCH, number)]

    def _panic(self) -> list[_Row]:
        """Silence at once, and no note left."""
        self._held.clear()
        return [_command(Command.PANIC)]

    def _morph(self, first: int, second: int, share: float, *, is_straight: bool = False) -> list[_Row]:
        """Go between two snapshots."""
        index = morph_index(_checked(first), _checked(second), is_straight=is_straight)
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"{ROOT}/morph must have a share 0-1, got {share}")
        return [_row(Kind.MORPH, index, share)]

    def _bpm(self, bpm: float) -> list[_Row]:
        """A tempo in beats a minute."""
        if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
            raise ValueError(f"{ROOT}/bpm must be {SLOWEST_BPM:g}-{FASTEST_BPM:g}, got {bpm}")
        return [_row(Kind.TEMPO, 0, float(bpm))]

    def _learn_address(self, address: str = "") -> list[_Row]:
        """Let an address wait for a knob."""
        if self._learn is not None:
            self._learn(address)
        return []

    def _lock_address(self, address: str, is_locked: bool = True) -> list[_Row]:
        """Let snapshots leave an address alone, or not."""
        if self._lock is not None:
            self._lock(address, bool(is_locked))
        return []


def _row(kind: Kind, index: int = 0, value: float = 0.0, channel: int = 0) -> _Row:
    return NOW, 0, value, index, int(kind), channel


def _command(command: Command, slot: int = 0) -> _Row:
    return _row(Kind.COMMAND, index_of(command, slot), 1.0)


def _slot(command: Command, slot: int) -> list[_Row]:
    return [_command(command, _checked(slot))]


def _checked(slot: int) -> int:
    if not isinstance(slot, int) or not 1 <= slot <= SLOTS:
        raise ValueError(f"snapshot must be 1-{SLOTS}, got {slot!r}")
    return slot


def _moved(target: Target, address: str, values: Sequence[Any]) -> _Row:
    """The event of a target at the position that a message has for it."""
    try:
        (value,) = values
        position = float(value)
    except (TypeError, ValueError):
        position = math.nan
    if not 0.0 <= position <= 1.0:
        raise ValueError(f"{address} must have one number 0-1, got {list(values)}")
    return _row(target.kind, target.index, target.value(position))


def _expression(address: str) -> re.Pattern[str]:
    """An OSC 1.0 address pattern as a regular expression; raises `ValueError` where it is none."""
    text = "".join(_MEANINGS.get(sign, re.escape(sign)) for sign in re.sub(r"\*+", "*", address))
    try:
        if len(_PATTERN.findall(address)) > _MOST_SIGNS:
            raise re.error("too many signs")
        return re.compile(text.replace(r"[\!", "[^").replace("[!", "[^"))
    except re.error as error:
        raise ValueError(f"OSC address must be a whole pattern, got {address} ({error})") from None
