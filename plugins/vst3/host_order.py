"""The order in which hosts made with JUCE, pedalboard among them, number a VST3 plugin's parameters.

A host keeps a tree of groups. A group stands in its parent where the first parameter that needs it came, and
the numbers go through the tree from its root, each group's members in turn.
"""

from collections.abc import Iterator, Mapping, Sequence

ROOT_UNIT = 0

_Node = list["int | _Node"]
"""A group: places of parameters, and groups within."""


def host_order(units: Sequence[int], parents: Mapping[int, int]) -> list[int]:
    """Places of the parameters in ``units``, their group ids in the plugin's order, as a host numbers them.

    ``parents`` is the group that each group stands in. A group that it does not list counts as the root.
    """
    root: _Node = []
    groups = {ROOT_UNIT: root}
    for place, unit in enumerate(units):
        _group(unit, groups, parents).append(place)
    return list(_walk(root))


def _group(unit: int, groups: dict[int, _Node], parents: Mapping[int, int]) -> _Node:
    if unit in groups:
        return groups[unit]
    if unit not in parents:
        return groups[ROOT_UNIT]
    group: _Node = []
    groups[unit] = group  # before its parent is looked for: a ring of groups must end
    _group(parents[unit], groups, parents).append(group)
    return group


def _walk(group: _Node) -> Iterator[int]:
    for member in group:
        if isinstance(member, int):
            yield member
        else:
            yield from _walk(member)
