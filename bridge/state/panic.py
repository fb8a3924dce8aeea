"""What ends everything that sounds."""

from typing import Final

import numpy as np

from tsumami.engine.events import EVENT_DTYPE, NOW, Events, Kind

_CHANNELS: Final = 16


def panic_events() -> Events:
    """Silence of everything at once, on all channels no note left, and bends back."""
    kinds = (Kind.ALL_SOUND_OFF, Kind.ALL_NOTES_OFF, Kind.PITCH_BEND)
    rows = [(NOW, 0, 0.0, 0, int(kind), channel) for channel in range(_CHANNELS) for kind in kinds]
    rows.append((NOW, 0, 0.0, 0, int(Kind.PANIC), 0))
    return np.array(rows, EVENT_DTYPE)
