"""Knobs that take one target from each other."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tsumami.bridge.mapping.targets import Place, place_of
from tsumami.bridge.session.map_tables import Map


def rivals(maps: Sequence[Map]) -> Iterator[str]:
    """A sentence for each target that several knobs make jump: it goes where the last of them is turned."""
    by_place: dict[Place, list[Map]] = defaultdict(list)
    for entry in maps:
        if entry.takeover == "jump" and entry.action is None and entry.morph is None:
            by_place[place_of(entry)].append(entry)
    for place, entries in by_place.items():
        labels = list(dict.fromkeys(_label(entry) for entry in entries))
        if len(labels) > 1:
            names = f"{', '.join(labels[:-1])} and {labels[-1]}"
            yield f'{names} make {" ".join(place)} jump to and fro: takeover = "pickup" lets it be taken over'


def _label(entry: Map) -> str:
    """What is turned, and on which channel if that matters."""
    return entry.label if entry.channel == 0 else f"{entry.label} of channel {entry.channel}"
