"""What else conceals lost packets, each as short as it can be said: the peers of `bench restoration`.

All take blocks as `tsumami.engine.restoration.Concealer` does. The Burg methods fit anew for every packet, to
what they have played themselves.
"""

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from tsumami.engine.restoration.burg import burg
from tsumami.engine.restoration.extrapolation import extrapolate

Block = npt.NDArray[np.float32]


class Conceals(Protocol):
    """Something that repairs a stream block by block."""

    def process(self, block: Block, is_lost: bool) -> Block:
        """What is played for a block ``[frames, channels]``."""
        ...


class ZeroFill:
    """Silence."""

    def process(self, block: Block, is_lost: bool) -> Block:
        """See `Conceals`."""
        return np.zeros_like(block) if is_lost else block


class Repeat:
    """The last packet once more."""

    def __init__(self) -> None:
        self._last: Block | None = None

    def process(self, block: Block, is_lost: bool) -> Block:
        """See `Conceals`."""
        if not is_lost or self._last is None:
            self._last = block.copy()
        return self._last


class Burg:
    """One autoregression by Burg's method, of mono sound."""

    def __init__(self, order: int, context: int) -> None:
        self._order, self._context = order, context
        self._heard: npt.NDArray[np.float64] = np.zeros(0)

    def process(self, block: Block, is_lost: bool) -> Block:
        """See `Conceals`."""
        if is_lost and len(self._heard):
            output = np.empty(len(block))
            extrapolate(self._heard, burg(self._heard, min(self._order, len(self._heard) - 2)), output)
            block = output[:, None].astype(np.float32)
        heard = np.concatenate([self._heard, block[:, 0].astype(np.float64)])
        self._heard = heard[-self._context :]
        return block


PEERS: Final[dict[str, Callable[[int], Conceals]]] = {
    "zero-fill": lambda _packet: ZeroFill(),
    "repeat": lambda _packet: Repeat(),
    "short Burg": lambda packet: Burg(4 * packet - 2, 4 * packet),
    "AR 256": lambda _packet: Burg(256, 2048),
    "Burg 512/4096": lambda _packet: Burg(512, 4096),
    "Burg 1024/8192": lambda _packet: Burg(1024, 8192),
}
"""By name, made for packets of so many frames. The short one is JackTrip's way: a few packets, all the order
that they allow."""
