"""Controllers of more than seven bits: pairs of control changes, and numbered parameters.

MIDI 1.0 Detailed Specification 4.2: control changes 32-63 are the fine halves of 0-31; 99 and 98 choose a
non-registered parameter, 101 and 100 a registered one, and 6, 38, 96 and 97 are its data: coarse, fine, one
up, one down. The number 16383 chooses none.
"""

from typing import Final

from tsumami.bridge.mapping import Mapping, Source, Turn
from tsumami.bridge.mapping.source import turn_of
from tsumami.bridge.session.map_tables import SourceKind

_FINE: Final = 32
_LARGEST: Final = 16383
_DATA, _DATA_FINE, _UP, _DOWN = 6, 38, 96, 97
CHOOSERS: Final[dict[int, tuple[SourceKind, int]]] = {
    99: ("nrpn", 7),
    98: ("nrpn", 0),
    101: ("rpn", 7),
    100: ("rpn", 0),
}
"""Control changes that choose a parameter: of which kind, and where their seven bits stand in its number."""

NONE_CHOSEN: Final = Source("nrpn", _LARGEST)


def choose(before: Source, cc: int, value: int) -> Source:
    """The numbered parameter that one of `CHOOSERS` chooses, after the one chosen ``before``."""
    kind, shift = CHOOSERS[cc]
    other = 127 << (7 - shift)
    return Source(kind, (before.number & other if kind == before.kind else other) | value << shift)


class Registers:
    """Makes the turns of one channel out of its control changes."""

    def __init__(self, channel: int, mapping: Mapping) -> None:
        self._channel, self._mapping = channel, mapping
        self._has_numbers = channel in mapping.numbered
        self._coarse: dict[int, int] = {}
        self._has_fine: set[int] = set()
        self._chosen = NONE_CHOSEN
        self._values: dict[Source, int] = {}
        self._fine_numbers: set[Source] = set()

    def read(self, cc: int, value: int) -> Turn | None:
        """The turn that a control change completes."""
        if self._has_numbers and cc in CHOOSERS:
            self._chosen = choose(self._chosen, cc, value)
            return None
        if self._has_numbers and cc in (_DATA, _DATA_FINE, _UP, _DOWN) and self._is_mapped:
            return self._enter(cc, value)
        if (self._channel, cc) in self._mapping.fine:
            return self._read_coarse(cc, value)
        if (self._channel, cc - _FINE) in self._mapping.fine:
            return self._read_fine(cc - _FINE, value)
        return turn_of(Source("cc", cc), value)

    @property
    def _is_mapped(self) -> bool:
        return bool(self._mapping.knobs(self._channel, self._chosen))

    def _enter(self, cc: int, value: int) -> Turn | None:
        """Data of the chosen parameter. Until a fine half has come, a coarse one counts alone."""
        chosen = self._chosen
        before = self._values.get(chosen, 0)
        if cc == _DATA:
            self._values[chosen] = value << 7
            return None if chosen in self._fine_numbers else turn_of(chosen, value)
        if cc == _DATA_FINE:
            self._fine_numbers.add(chosen)
            now = before & ~127 | value
        else:
            now = min(max(before + (1 if cc == _UP else -1), 0), _LARGEST)
        self._values[chosen] = now
        return Turn(chosen, now / _LARGEST)

    def _read_coarse(self, cc: int, value: int) -> Turn | None:
        """A coarse half; the fine one follows, unless the controller has none."""
        self._coarse[cc] = value
        return None if cc in self._has_fine else turn_of(Source("cc", cc), value)

    def _read_fine(self, cc: int, value: int) -> Turn:
        self._has_fine.add(cc)
        return Turn(Source("cc", cc), (self._coarse.get(cc, 0) << 7 | value) / _LARGEST)
