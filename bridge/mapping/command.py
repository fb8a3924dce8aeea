"""What can be asked of a performance beside moving things: as events, so that buttons and OSC can ask it."""

from enum import IntEnum
from typing import Final

from tsumami.bridge.mapping.target import Target
from tsumami.engine.events import Kind

SLOTS: Final = 128
"""Snapshots that can be stored, by number from 1."""


class Command(IntEnum):
    """What to do; a COMMAND event's index is `index_of` it."""

    RECALL = 0  # the snapshot in a slot
    STORE = 1  # where everything stands, in a slot
    UNDO = 2
    REDO = 3
    COMPARE = 4  # go to and fro between two states
    PANIC = 5  # silence at once
    RANDOMISE = 6  # move what is not locked by chance
    TAP = 7  # a beat, now
    START = 8  # the first bar begins
    STOP = 9


def index_of(command: Command, slot: int = 0) -> int:
    """Index of the event of a command, and of the slot that it is about."""
    return command << 8 | slot


def command_of(index: int) -> tuple[Command, int]:
    """The command and its slot; inverse of `index_of`."""
    return Command(index >> 8), index & 255


def morph_index(first: int, second: int, *, is_straight: bool = False) -> int:
    """Index of a MORPH event between the snapshots of two slots; ``is_straight`` is past the latent."""
    return is_straight << 16 | first << 8 | second


def morph_of(index: int) -> tuple[int, int, bool]:
    """The slots, and whether the way is straight; inverse of `morph_index`."""
    return index >> 8 & 255, index & 255, bool(index >> 16)


def command_target(command: Command, slot: int = 0) -> Target:
    """What a button that asks for it moves: from its middle on it is pressed."""
    return Target(Kind.COMMAND, index_of(command, slot))
