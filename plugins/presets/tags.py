"""The words that presets are described with, brought to one spelling and to pairs of opposites."""

import re
from collections.abc import Iterable
from typing import Final

TAG_PAIRS: Final = (
    (("dark",), ("bright",)),
    (("calm", "soft"), ("aggressive",)),
    (("static",), ("moving",)),
    (("thin",), ("phat",)),
    (("clean",), ("dirty",)),
    (("modern",), ("vintage",)),
)
"""Opposites, the second of which names a macro; a side may have two words."""

SYNONYMS: Final = {
    "rich & phat": "phat",
    "distorted": "dirty",
    "evolving": "moving",
    "defined & sparse": "thin",
}


def tags_of(*lists: str) -> tuple[str, ...]:
    """The words of comma-separated lists in lower case, synonyms replaced, each once, in their order.

    >>> tags_of("Evolving, Bright", "Poly, Moving")
    ('moving', 'bright', 'poly')
    """
    words = (" ".join(word.split()).lower() for text in lists for word in re.split(r"[,;|]", text))
    return tuple(dict.fromkeys(SYNONYMS.get(word, word) for word in words if word))


def paired_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Those of ``tags`` that belong to a pair of which not both sides are named: what macros learn from.

    A side is named by its first word.

    >>> paired_tags(["soft", "poly", "bright", "dark"])
    ('calm',)
    """
    given = frozenset(tags)
    named = ([side[0] for side in pair if given.intersection(side)] for pair in TAG_PAIRS)
    return tuple(sides[0] for sides in named if len(sides) == 1)
