"""Whether a collection of presets is one that a model can learn from: synthesizer, tags, parameters."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets.preset import Preset
from tsumami.plugins.presets.tags import TAG_PAIRS, paired_tags

STEPS: Final = 1000
"""Positions count as the same when they round to the same of so many steps, as where sounds are split."""


@dataclass(frozen=True, slots=True)
class PresetCheck:
    """What there is to learn from the presets of ``synth``, of which there are ``presets``.

    ``others`` are presets of other synthesizers, by name. ``tagged`` presets name one side of a pair of tags,
    ``sides`` says how many name which. Of ``parameters``, ``unset`` ones have no position in some presets, by
    the number of these; ``still`` ones stand the same in all presets. ``filled`` and ``clipped`` presets have
    a default or a value out of range among them. ``different`` is the number of presets that differ in any.
    """

    synth: str
    presets: int
    others: Mapping[str, int]
    tagged: int
    sides: Mapping[str, int]
    parameters: tuple[str, ...]
    unset: Mapping[str, int]
    still: tuple[str, ...]
    filled: int
    clipped: int
    different: int


def synth_of(presets: Sequence[Preset]) -> str:
    """The synthesizer that most of ``presets`` are of, ``""`` where they do not say.

    Raises `ParameterError` where there is no preset.
    """
    if not presets:
        raise ParameterError("presets must be at least one, got none; name another folder")
    return Counter(preset.synth for preset in presets).most_common(1)[0][0]


def check_presets(presets: Sequence[Preset], parameters: Iterable[str]) -> PresetCheck:
    """Look through ``presets`` for what a model of ``parameters`` would learn from those of `synth_of`."""
    names = tuple(parameters)
    synth = synth_of(presets)
    own = [preset for preset in presets if preset.synth == synth]
    rows = [tuple(preset.positions.get(name) for name in names) for preset in own]
    steps = {tuple(None if value is None else round(value * STEPS) for value in row) for row in rows}
    tags = [paired_tags(preset.tags) for preset in own]
    return PresetCheck(
        synth,
        len(own),
        dict(Counter(preset.synth for preset in presets if preset.synth != synth)),
        sum(bool(words) for words in tags),
        _sides(tags),
        names,
        {name: missing for name, column in _columns(names, rows) if (missing := column.count(None))},
        tuple(name for name, column in _columns(names, rows) if len(set(column)) == 1),
        sum(not set(preset.filled).isdisjoint(names) for preset in own),
        sum(not set(preset.clipped).isdisjoint(names) for preset in own),
        len(steps),
    )


def _columns(
    names: Sequence[str], rows: Sequence[tuple[float | None, ...]]
) -> Iterable[tuple[str, tuple[float | None, ...]]]:
    return zip(names, zip(*rows, strict=True), strict=True)


def _sides(tags: Iterable[tuple[str, ...]]) -> dict[str, int]:
    """How many presets name each side of each pair, by the side's first word; none left out."""
    counts = Counter(word for words in tags for word in words)
    return {side[0]: counts[side[0]] for pair in TAG_PAIRS for side in pair}
