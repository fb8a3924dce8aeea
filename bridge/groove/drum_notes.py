"""General MIDI's drums by lane."""

from typing import Final

from tsumami.engine.groove import LANES

LANE_NOTES: Final = {"kick": 36, "snare": 38, "hat": 42, "tom": 45, "other": 39}
"""The note that a lane is written as."""

_LANES: Final = {
    "kick": (35, 36),
    "snare": (37, 38, 40),
    "hat": (22, 26, 42, 44, 46, 49, 51, 52, 53, 55, 57, 59),
    "tom": (41, 43, 45, 47, 48, 50, 58),
}
"""Cymbals are in lane ``hat``; 22, 26 and 58 are those of electronic kits."""
_OTHER: Final = LANES.index("other")


def lane_of(note: int) -> int:
    """The index of the lane in which a drum's note is heard."""
    return next((LANES.index(lane) for lane, notes in _LANES.items() if note in notes), _OTHER)
