"""Damage that nobody told of, found in the sound itself."""

from collections.abc import Iterable
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.engine.restoration.detection_clicks import ClickFinder
from tsumami.engine.restoration.detection_clips import ClipFinder
from tsumami.engine.restoration.detection_damage import Damage, DamageKind
from tsumami.engine.restoration.detection_history import History
from tsumami.engine.restoration.detection_repeats import RepeatFinder
from tsumami.engine.restoration.detection_zeros import ZeroFinder

USUAL: Final = frozenset({DamageKind.ZEROS, DamageKind.REPEATS, DamageKind.CLICKS})
"""Not clipped stretches: much music is clipped on purpose."""

_PAGE_SECONDS: Final = 0.025
_KEPT_SECONDS: Final = 1.0
_LOWEST_RATE, _HIGHEST_RATE = 8_000, 192_000


class Finder(Protocol):
    """Finds one kind of damage in a stream that goes on."""

    def find(self, history: History, is_over: bool) -> list[Damage]:
        """What is certain by now, and has not been told before."""
        ...


_FINDERS: Final[dict[DamageKind, Any]] = {
    DamageKind.ZEROS: ZeroFinder,
    DamageKind.REPEATS: RepeatFinder,
    DamageKind.CLICKS: ClickFinder,
    DamageKind.CLIPS: ClipFinder,
}


class Detector:
    """Finds damage in a stream of ``channels`` at 8 to 192 kHz, of the given ``kinds``.

    Give it all blocks, of any sizes, to `process`, then call `finish`: the same is found for all sizes. It
    remembers a second. What is found is told up to half a second late, clipped stretches at the end; that of
    a call is in order, that of different kinds may overlap.
    """

    def __init__(self, channels: int, sample_rate: float, kinds: Iterable[DamageKind] = USUAL) -> None:
        if not _LOWEST_RATE <= sample_rate <= _HIGHEST_RATE:
            raise ParameterError(
                f"sample rate must be {_LOWEST_RATE}-{_HIGHEST_RATE} Hz, got {sample_rate:g}; resample first"
            )
        if channels < 1:
            raise ParameterError(f"channels must be at least 1, got {channels}")
        wanted = set(kinds)
        self._finders: list[Finder] = [
            make(channels, sample_rate) for kind, make in _FINDERS.items() if kind in wanted
        ]
        self._page = round(_PAGE_SECONDS * sample_rate)
        self._history = History(channels, round(_KEPT_SECONDS * sample_rate))
        self._rest = np.zeros((0, channels), np.float32)

    def process(self, block: npt.NDArray[np.float32]) -> list[Damage]:
        """What is certain after float32 ``[frames, channels]`` more."""
        joined = np.concatenate([self._rest, block])
        found: list[Damage] = []
        whole = len(joined) - len(joined) % self._page
        for begin in range(0, whole, self._page):
            found += self._find(joined[begin : begin + self._page])
        self._rest = joined[whole:]
        return sorted(found, key=_order)

    def finish(self) -> list[Damage]:
        """The rest, as nothing more comes."""
        return sorted(self._find(self._rest, is_over=True), key=_order)

    def _find(self, page: npt.NDArray[np.float32], is_over: bool = False) -> list[Damage]:
        self._history.append(page)
        return [damage for finder in self._finders for damage in finder.find(self._history, is_over)]


def _order(damage: Damage) -> tuple[int, int]:
    return damage.begin, damage.end
