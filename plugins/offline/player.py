"""What a render host plays: one shape for the built-in synthesizer and for plugins under either library."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from tsumami.plugins.offline.messages import Sound, Start


class Player(Protocol):
    """A loaded instrument with its score, played from the beginning for each sound.

    What crashes or hangs takes the process with it; what the plugin refuses raises `PluginError`.
    """

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names in the instrument's own order; they may repeat."""
        ...

    @property
    def defaults(self) -> npt.NDArray[np.float32]:
        """Positions 0-1 after loading, float32 ``[parameters]``."""
        ...

    @property
    def latency_samples(self) -> int:
        """Delay that the instrument reports; the audio has it taken off already."""
        ...

    def reload(self) -> None:
        """Replace the instrument by a new one of the same file."""
        ...

    def play(self, sound: Sound) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Audio float32 ``[channels, frames]`` without the warm-up, and the positions it was played at."""
        ...


def open_player(start: Start) -> Player:
    """Load an instrument. Each library is imported only here, in the process that is there to run it."""
    if start.instrument.path is None:
        from tsumami.plugins.offline.builtin_player import BuiltinPlayer

        return BuiltinPlayer(start.settings)
    if start.instrument.backend == "dawdreamer":
        from tsumami.plugins.offline.dawdreamer_player import DawDreamerPlayer

        return DawDreamerPlayer(start.instrument.path, start.settings)
    from tsumami.plugins.offline.pedalboard_player import PedalboardPlayer

    return PedalboardPlayer(start.instrument.path, start.settings)
