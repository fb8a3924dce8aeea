"""What a session's page is told once, from the session."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

from tsumami.bridge.mapping import Place, Target
from tsumami.bridge.mapping.targets import place_of
from tsumami.bridge.osc import Surface
from tsumami.bridge.page.facts import Address, Facts, Sound
from tsumami.bridge.page.memory import MOST_ADDRESSES
from tsumami.bridge.session.map_tables import Map
from tsumami.bridge.session.setup import Setup
from tsumami.engine.config import MacroLabel
from tsumami.engine.restoration.repair_control import HOLD_SECONDS
from tsumami.plugins import Patch
from tsumami.plugins.presets import Preset

_STEPS: Final = 100.0
"""Positions of a sound are told to a hundredth."""


def facts_of(setup: Setup, macros: Sequence[MacroLabel], surface: Surface) -> Facts:
    """What the page is told once."""
    places = list(setup.targets([macro.name for macro in macros]).items())
    addresses = []
    for number, item in enumerate(surface.items()[:MOST_ADDRESSES]):
        address = Address(item.address, item.types, item.low, item.high)
        if number < len(places):
            place, target = places[number]
            address = dataclasses.replace(
                address,
                kind=place[-1] if place[-1] == "bypass" else place[0],
                index=target.index,
                name=f"{place[1]}: {place[-1]}" if place[0] == "effect" else place[-1],
                default=_default(setup, place, target),
                unit="bpm" if place == ("tempo",) else "",
                full=target.full,
            )
        addresses.append(address)
    return Facts(
        addresses=tuple(addresses),
        macros=tuple(macros),
        sounds=tuple(map(_sound, setup.patches or setup.presets)),
        parameters=setup.parameters,
        sample_rate=setup.sample_rate,
        block_size=setup.config.settings.block_size,
        has_input=setup.config.settings.input is not None,
        has_repair=setup.session.input.repair,
        has_groove=setup.session.groove.on,
        has_reference=setup.session.groove.reference is not None,
        has_timbre=setup.session.timbre.index is not None,
    )


def knobs_of(maps: Sequence[Map], numbers: Mapping[Place, int]) -> dict[int, list[str]]:
    """What turns each address, by its number, in few words."""
    labels: dict[int, list[str]] = {}
    for entry in maps:
        if entry.action is None and entry.morph is None:
            labels.setdefault(numbers[place_of(entry)], []).append(entry.label)
    return labels


def _default(setup: Setup, place: Place, target: Target) -> float:
    """Where a knob goes that is reset: where it stood when the session began."""
    loop, tempo = setup.session.loop, setup.session.tempo
    match place:
        case ("parameter", _):
            parameter = setup.parameters[target.index]
            return parameter.from_unit(parameter.default)
        case ("macro" | "latent", _):
            return 0.5
        case ("loop", ("density" | "brightness" | "seed") as name):
            return target.position(float(getattr(loop, name)))
        case ("tempo",):
            return target.position(tempo.bpm)
        case ("repair", "hold"):
            return target.position(HOLD_SECONDS)
        case ("gain",) | ("loop", "level") | ("repair", "on") | ("groove", "sensitivity" | "reference"):
            return 1.0
    return 0.0


def _sound(sound: Patch | Preset) -> Sound:
    values = getattr(sound, "values", ())
    return Sound(
        sound.name,
        sound.category,
        tuple(sorted(sound.tags)),
        tuple(round(float(value) * _STEPS) / _STEPS for value in values),
    )
