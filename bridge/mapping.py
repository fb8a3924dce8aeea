"""Which control change moves what: a session's maps, compiled for look-up by channel and number."""

import itertools
from collections.abc import Mapping as NamesByName
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tsumami.bridge.session import Session, check_names
from tsumami.engine.events import Kind, effect_index

CHANNELS = 16
ALL_CHANNELS = range(CHANNELS)
_BANK_SELECT = (0, 32)
_FORWARDED = tuple(cc for cc in range(120) if cc not in _BANK_SELECT)
"""Controllers for an external synthesizer. Program changes choose patches here, and their banks likewise."""


NamesOfEffects = NamesByName[str, Sequence[str]]
"""Names of the parameters of each effect, in the order of the chain."""


@dataclass(frozen=True, slots=True)
class Target:
    """What one knob moves: the kind of its events, and the index in that kind's table.

    A knob at ``position`` 0-1 gives the event value ``full * position ** power``.
    """

    kind: Kind
    index: int = 0
    full: float = 1.0
    power: int = 1

    def value(self, position: float) -> float:
        """Value of the event for a knob position 0-1."""
        return self.full * position**self.power


@dataclass(frozen=True, slots=True)
class Mapping:
    """Targets by (MIDI channel 0-15, control change number); several knobs may share a target."""

    table: dict[tuple[int, int], tuple[Target, ...]]
    channels: frozenset[int]
    """MIDI channels 0-15 that are listened to."""

    def targets(self, channel: int, cc: int) -> tuple[Target, ...]:
        """What control change ``cc`` on ``channel`` (0-15) moves; nothing if it is not mapped."""
        return self.table.get((channel, cc), ())


def compile_mapping(
    session: Session,
    *,
    macros: Sequence[str],
    parameters: Sequence[str],
    effects: NamesOfEffects = MappingProxyType({}),
) -> Mapping:
    """The session's maps with names turned into rows of ``macros``, ``parameters`` and ``effects``.

    Where somebody takes them, controllers that no map takes become CONTROL events. The gain
    knob follows MIDI's volume curve, 40 dB per decade of its position (General MIDI level 1 developer
    guidelines, CC 7), up to the session's ``output.gain_db``. Raises `SessionError` for a name that is in
    neither table.
    """
    check_names(session, macros=macros, parameters=parameters, patches=_own_patch(session), effects=effects)
    full_gain = 10.0 ** (session.output.gain_db / 20.0)
    table: dict[tuple[int, int], tuple[Target, ...]] = {}
    for entry in session.maps:
        if entry.macro is not None:
            target = Target(Kind.MACRO, macros.index(entry.macro))
        elif entry.effect is not None:
            number = list(effects).index(entry.effect)
            if entry.parameter is None:
                target = Target(Kind.BYPASS, number)
            else:
                row = effects[entry.effect].index(entry.parameter)
                target = Target(Kind.EFFECT, effect_index(number, row))
        elif entry.parameter is not None:
            target = Target(Kind.PARAMETER, parameters.index(entry.parameter))
        else:
            target = Target(Kind.GAIN, full=full_gain, power=2)
        for channel in _channels(entry.channel):
            key = (channel, entry.cc)
            table[key] = (*table.get(key, ()), target)
    if session.takes_controllers:
        for channel, cc in itertools.product(ALL_CHANNELS, _FORWARDED):
            table.setdefault((channel, cc), (Target(Kind.CONTROL, cc),))
    return Mapping(table, frozenset(_channels(session.midi.channel)))


def _channels(number: int) -> Sequence[int]:
    """MIDI channels 0-15 that a session's channel number (1-16, 0 for all) means."""
    return ALL_CHANNELS if number == 0 else (number - 1,)


def _own_patch(session: Session) -> Sequence[str]:
    """The session's patch name: whether the bank has it is checked where the bank is known."""
    return () if session.instrument.patch is None else (session.instrument.patch,)
