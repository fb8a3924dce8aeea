"""Which knob somebody turns, and how it speaks: for MIDI learn."""

import itertools
from collections import defaultdict
from typing import Any, Final, NamedTuple

from tsumami.bridge.mapping import Source
from tsumami.bridge.midi.parser import Message, Status
from tsumami.bridge.midi.registers import CHOOSERS, NONE_CHOSEN, choose
from tsumami.bridge.session.map_tables import Encoder

_TURNED: Final = 20
"""Of 127: how far a knob goes until it is meant."""
_COUNTED: Final = 6
"""Messages of an endless encoder until it is known as one."""
_ALSO_TURNED: Final = 3
"""Messages of another knob from which on it is not clear which is meant."""
_FINE: Final = 32
_SUSTAIN: Final = 64
_DATA: Final = (6, 38)

_COUNTS: Final[dict[Encoder, tuple[range, range]]] = {
    "twos": (range(1, 12), range(117, 128)),
    "offset": (range(65, 76), range(53, 64)),
    "sign": (range(1, 12), range(65, 76)),
}
"""What endless encoders send when they are turned up, and down."""


class Learned(NamedTuple):
    """A knob that was turned."""

    channel: int
    """1-16."""
    fields: dict[str, Any]
    """Of its map in a session: where it is, and how an endless encoder counts."""

    @property
    def label(self) -> str:
        """What it is, in few words."""
        kind, number = next(iter(self.fields.items()))
        return f"{kind if number is True else f'{kind.upper()} {number}'} on channel {self.channel}"


class Learner:
    """Hears messages until `learned` says which knob was turned."""

    def __init__(self) -> None:
        self._values: defaultdict[tuple[int, Source], list[int]] = defaultdict(list)
        self._chosen: defaultdict[int, Source] = defaultdict(lambda: NONE_CHOSEN)  # by channel

    def hear(self, message: Message) -> None:
        """Take in a message; those of keys and pedals are no knobs."""
        source = self._source(message)
        if source is not None:
            value = message.data1 if source.kind == "pressure" else message.data2
            self._values[message.channel, source].append(value)

    def learned(self) -> Learned | None:
        """The knob, once there is one."""
        turned = [key for key, values in self._values.items() if _is_turned(values)]
        if not turned or self.others():
            return None
        channel, source = turned[0]
        fields: dict[str, Any] = {
            source.kind: source.number if source.kind in ("cc", "nrpn", "rpn") else True
        }
        if (channel, Source("cc", source.number + _FINE)) in self._values and self._is_pair(channel, source):
            fields["bits"] = 14
        encoder = _encoder(self._values[channel, source])
        if encoder is not None:
            fields |= {"takeover": "relative", "encoder": encoder}
        return Learned(channel + 1, fields)

    def others(self) -> list[str]:
        """All knobs that move, when it is more than one."""
        moving = [
            key for key, values in self._values.items() if len(values) >= _ALSO_TURNED or _is_turned(values)
        ]
        own = [
            (channel, source)
            for channel, source in moving
            if not self._is_pair(channel, Source("cc", source.number - _FINE)) or source.kind != "cc"
        ]
        labels = [Learned(channel + 1, {source.kind: source.number}).label for channel, source in own]
        return labels if len(labels) > 1 else []

    def forget(self) -> None:
        """Begin anew."""
        self._values.clear()

    def _source(self, message: Message) -> Source | None:
        if message.status is Status.PITCH_BEND:
            return Source("bend")
        if message.status is Status.CHANNEL_PRESSURE:
            return Source("pressure")
        if message.status is not Status.CONTROL_CHANGE or message.data1 == _SUSTAIN or message.data1 >= 120:
            return None
        chosen = self._chosen[message.channel]
        if message.data1 in CHOOSERS:
            self._chosen[message.channel] = choose(chosen, message.data1, message.data2)
            return None
        if message.data1 in _DATA and chosen.number != NONE_CHOSEN.number:
            return chosen if message.data1 == _DATA[0] else None
        return Source("cc", message.data1)

    def _is_pair(self, channel: int, source: Source) -> bool:
        """Whether a control change comes with its fine half, which is turned as often."""
        if source.kind != "cc" or not 0 <= source.number < _FINE:
            return False
        coarse = len(self._values.get((channel, source), ()))
        fine = len(self._values.get((channel, Source("cc", source.number + _FINE)), ()))
        return min(coarse, fine) > 0 and abs(coarse - fine) <= 1 + coarse // 4


def _is_turned(values: list[int]) -> bool:
    return max(values) - min(values) >= _TURNED or _encoder(values) is not None


def _encoder(values: list[int]) -> Encoder | None:
    """The coding of an endless encoder that has been turned up and down; None for any other knob.

    A knob that has an end does not say the same twice.
    """
    if len(values) < _COUNTED or all(a != b for a, b in itertools.pairwise(values)):
        return None
    for encoder, (up, down) in _COUNTS.items():
        ups, downs = (sum(value in way for value in values) for way in (up, down))
        if min(ups, downs) > 0 and ups + downs == len(values):
            return encoder
    return None
