"""ADSR as a capacitor does it: attack toward a point above 1, decay and release toward their ends."""

import math
from typing import Any

from tsumami.engine.jit import inline_kernel, kernel

IDLE, ATTACK, DECAY, RELEASE = 0, 1, 2, 3
"""Stages; the sustain is where the decay ends."""

_AIM = 1.3  # where the attack heads for
_ATTACK_CONSTANTS = math.log(_AIM / (_AIM - 1.0))  # time constants from 0 to 1
_SIXTY_DB = math.log(1000.0)  # time constants of a fall by 60 dB
_SILENCE = 3e-5  # -90 dB


@inline_kernel
def _fall(level: float, end: float, seconds: float, time: float) -> float:
    return end + (level - end) * math.exp(-seconds * _SIXTY_DB / time)


@kernel
def advance(
    envelope: Any, seconds: float, attack: float, decay: float, sustain: float, release: float
) -> None:
    """Move an `ENVELOPE_DTYPE` record on by ``seconds``.

    ``attack`` is the time from 0 to 1, ``decay`` and ``release`` the time to fall by 60 dB, in
    seconds; ``sustain`` is 0-1. Below -90 dB the release is over. [audio thread]
    """
    if envelope.stage == ATTACK:
        constant = attack / _ATTACK_CONSTANTS
        reach = constant * math.log((_AIM - envelope.level) / (_AIM - 1.0))
        if reach > seconds:
            envelope.level = _AIM + (envelope.level - _AIM) * math.exp(-seconds / constant)
            return
        envelope.level = 1.0
        envelope.stage = DECAY
        seconds -= reach
    if envelope.stage == DECAY:
        envelope.level = _fall(envelope.level, sustain, seconds, decay)
    elif envelope.stage == RELEASE:
        envelope.level = _fall(envelope.level, 0.0, seconds, release)
        if envelope.level < _SILENCE:
            envelope.level = 0.0
            envelope.stage = IDLE
