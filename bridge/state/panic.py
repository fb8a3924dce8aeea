"""What ends everything that sounds."""

from typing import Final

import numpy as np

from tsumami.engine.events import EVENT_DTYPE, NOW, Events, Kind
from tsumami.engine.loops.controls import LoopControl

_CHANNELS: Final = 16


def panic_events() -> Events:
    """Silence of everything at once, on all channels no note left, bends back, and the loop muted."""
    kinds = (Kind.ALL_SOUND_OFF, Kind.ALL_NOTES_OFF, Kind.PITCH_BEND)
    rows = [(NOW, 0, 0.0, 0, int(kind), channel) for channel in range(_CHANNELS) for kind in kinds]
    rows.append((NOW, 0, 0.0, 0, int(Kind.PANIC), 0))
    rows.append((NOW, 0, 1.0, int(LoopControl.MUTE), int(Kind.LOOP), 0))  # for all to see, and to take back
    return np.array(rows, EVENT_DTYPE)
