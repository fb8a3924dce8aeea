"""Matching a sound with an instrument: what a model hears in it, and a search on from there. Needs no torch.

>>> from tsumami.plugins.match import match_sound, player_for, read_sound, settings_of
"""

from typing import TYPE_CHECKING

from tsumami.engine.lazy import lazy_exports

if TYPE_CHECKING:
    from tsumami.plugins.match.library import Library, open_library
    from tsumami.plugins.match.matching import Match, match_sound, player_for, settings_of
    from tsumami.plugins.match.player import PatchPlayer
    from tsumami.plugins.match.search import Found, refine
    from tsumami.plugins.match.sound import HeardSound, read_sound
    from tsumami.plugins.match.written import encode_patch

_MODULES = {
    "library": ("Library", "open_library"),
    "matching": ("Match", "match_sound", "player_for", "settings_of"),
    "player": ("PatchPlayer",),
    "search": ("Found", "refine"),
    "sound": ("HeardSound", "read_sound"),
    "written": ("encode_patch",),
}
__all__ = [
    "Found",
    "HeardSound",
    "Library",
    "Match",
    "PatchPlayer",
    "encode_patch",
    "match_sound",
    "open_library",
    "player_for",
    "read_sound",
    "refine",
    "settings_of",
]


__getattr__ = lazy_exports(__name__, _MODULES)
