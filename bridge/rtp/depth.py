"""How long packets are held back, so that most come in time: fixed, or as much as the network asks for."""

from typing import Protocol

import numpy as np

_BIN_SECONDS = 0.001
_BINS = 500
_RANK = 0.995
"""Share of the packets that shall come in time: each that does not is heard, or would be."""
_MEMORY_SECONDS = 20.0
_FIRST_GUESS_SECONDS = 0.040
_MARGIN_SECONDS = 0.005
"""For this computer's own delays between a packet and the block that needs it."""


class Depth(Protocol):
    """Says how long after its earliest possible arrival a packet is played."""

    @property
    def seconds(self) -> float:
        """The time that packets are held."""
        ...

    def observe(self, excess_seconds: float, packet_seconds: float) -> None:
        """Take by how much a packet came later than the earliest, and how long its sound is."""
        ...


class FixedDepth:
    """Always the same."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @property
    def seconds(self) -> float:
        """The time that packets are held."""
        return self._seconds

    def observe(self, excess_seconds: float, packet_seconds: float) -> None:
        """Change nothing."""


class AdaptiveDepth:
    """A high percentile of the delays in a histogram that forgets, as in WebRTC's NetEq.

    It starts from a guess that counts like one packet: enough to be held until two hundred say otherwise.
    """

    def __init__(self) -> None:
        self._weights = np.zeros(_BINS)
        self._weights[round(_FIRST_GUESS_SECONDS / _BIN_SECONDS) - 1] = 1.0
        self._seconds = _FIRST_GUESS_SECONDS

    @property
    def seconds(self) -> float:
        """The time that packets are held, half a second at most."""
        return self._seconds

    def observe(self, excess_seconds: float, packet_seconds: float) -> None:
        """Take by how much a packet came later than the earliest, and how long its sound is."""
        self._weights *= np.exp(-packet_seconds / _MEMORY_SECONDS)
        self._weights[min(max(int(excess_seconds / _BIN_SECONDS), 0), _BINS - 1)] += 1.0
        sums = np.cumsum(self._weights)
        rank = int(np.searchsorted(sums, _RANK * sums[-1]))
        self._seconds = (min(rank, _BINS - 1) + 1) * _BIN_SECONDS + _MARGIN_SECONDS
