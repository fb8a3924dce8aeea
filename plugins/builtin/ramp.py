"""Straight lines from one control tick to the next, for records with `base` and `step` rows.

The value at sample j of a period is ``base + step * j``: it does not depend on how a period is cut.
"""

from typing import Any

from tsumami.engine.jit import inline_kernel
from tsumami.plugins.builtin.state import PERIOD


@inline_kernel
def aim(owner: Any, row: int, target: float) -> None:
    """End the old line of a row and let a new one lead from there to ``target`` in one period."""
    owner.base[row] += PERIOD * owner.step[row]
    if owner.base[row] == target:
        owner.step[row] = 0.0
    else:
        owner.step[row] = (target - owner.base[row]) * (1.0 / PERIOD)


@inline_kernel
def hold(owner: Any, row: int, value: float) -> None:
    """Let a row stand still at ``value``."""
    owner.base[row] = value
    owner.step[row] = 0.0
