"""What knobs can move of the loop player."""

from typing import Final, get_args

from tsumami.bridge.mapping.target import Target
from tsumami.bridge.session.map_tables import LoopTarget
from tsumami.bridge.session.tables import Loop
from tsumami.engine.events import Kind
from tsumami.engine.loops.controls import LoopControl

SEEDS: Final = 127
"""Seeds that a knob goes through: one a step of seven bits."""


def loop_targets(loop: Loop) -> dict[tuple[str, ...], Target]:
    """The targets by place; none where there is no loop.

    The level follows MIDI's volume curve, as the gain does, up to the session's.
    """
    if loop.kind == "none":
        return {}
    targets: dict[tuple[str, ...], Target] = {
        ("loop", name): Target(Kind.LOOP, LoopControl[name.upper()]) for name in get_args(LoopTarget)
    }
    level = 10.0 ** (loop.level_db / 20.0)
    targets["loop", "level"] = Target(Kind.LOOP, LoopControl.LEVEL, full=level, power=2)
    targets["loop", "seed"] = Target(Kind.LOOP, LoopControl.SEED, full=SEEDS, grain=0.5 / SEEDS)
    return targets
