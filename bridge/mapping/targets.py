"""Everything that a knob can move, by name."""

from collections.abc import Mapping as NamesByName
from collections.abc import Sequence
from types import MappingProxyType
from typing import get_args

from tsumami.bridge.groove.control import GrooveControl
from tsumami.bridge.loops.targets import loop_targets
from tsumami.bridge.mapping.target import Target
from tsumami.bridge.session.map_tables import GrooveTarget, Map
from tsumami.bridge.session.tables import FASTEST_BPM, Session
from tsumami.engine.events import Kind, effect_index
from tsumami.engine.restoration.repair_control import LONGEST_HOLD_SECONDS, RepairControl

NamesOfEffects = NamesByName[str, Sequence[str]]
"""Names of the parameters of each effect, in the order of the chain."""

Place = tuple[str, ...]
"""Where a target is, in words.

``("gain",)``, ``("tempo",)``, ``("loop", WHAT)``, ``("repair", WHAT)``, ``("groove", WHAT)``,
``("macro", NAME)``, ``("latent", NUMBER)``, ``("parameter", NAME)``, ``("effect", NAME, "bypass")`` or
``("effect", NAME, "parameter", NAME)``.
"""


def targets_of(
    session: Session,
    *,
    macros: Sequence[str],
    parameters: Sequence[str],
    latents: int = 0,
    effects: NamesOfEffects = MappingProxyType({}),
    grains: NamesByName[str, float] = MappingProxyType({}),
) -> dict[Place, Target]:
    """All targets of a session; its model's latent has ``latents`` dimensions.

    ``grains`` say of parameters with few values how far a position is rounded. The gain follows MIDI's volume
    curve, 40 dB per decade of its position (General MIDI level 1 developer guidelines, CC 7), up to the
    session's ``output.gain_db``.
    """
    targets: dict[Place, Target] = {
        ("gain",): Target(Kind.GAIN, full=10.0 ** (session.output.gain_db / 20.0), power=2),
        ("tempo",): Target(Kind.TEMPO, full=FASTEST_BPM),
    }
    targets |= loop_targets(session.loop)
    if session.input.repair:
        targets["repair", "on"] = Target(Kind.REPAIR, RepairControl.ON)
        targets["repair", "hold"] = Target(Kind.REPAIR, RepairControl.HOLD, full=LONGEST_HOLD_SECONDS)
    if session.groove.on:
        for name in get_args(GrooveTarget):
            targets["groove", name] = Target(Kind.GROOVE, GrooveControl[name.upper()])
    for row, name in enumerate(macros):
        targets["macro", name] = Target(Kind.MACRO, row)
    for dimension in range(latents):
        targets["latent", str(dimension)] = Target(Kind.LATENT, dimension)
    for row, name in enumerate(parameters):
        targets["parameter", name] = Target(Kind.PARAMETER, row, grain=grains.get(name, 0.0))
    for number, (label, names) in enumerate(effects.items()):
        targets["effect", label, "bypass"] = Target(Kind.BYPASS, number)
        for row, name in enumerate(names):
            targets["effect", label, "parameter", name] = Target(Kind.EFFECT, effect_index(number, row))
    return targets


def place_of(entry: Map) -> Place:
    """Where the target of a map is."""
    if entry.macro is not None:
        return "macro", entry.macro
    if entry.latent is not None:
        return "latent", str(entry.latent)
    if entry.effect is not None and entry.parameter is not None:
        return "effect", entry.effect, "parameter", entry.parameter
    if entry.effect is not None:
        return "effect", entry.effect, "bypass"
    if entry.loop is not None:
        return "loop", entry.loop
    if entry.repair is not None:
        return "repair", entry.repair
    if entry.groove is not None:
        return "groove", entry.groove
    if entry.tempo:
        return ("tempo",)
    return ("gain",) if entry.parameter is None else ("parameter", entry.parameter)
