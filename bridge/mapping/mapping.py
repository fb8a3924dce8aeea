"""Which knob moves what: a session's maps, compiled for look-up by channel and source."""

import itertools
from collections.abc import Mapping as NamesByName
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from tsumami.bridge.mapping.command import Command, command_target, morph_index
from tsumami.bridge.mapping.knob import Knob
from tsumami.bridge.mapping.source import Source
from tsumami.bridge.mapping.target import Target
from tsumami.bridge.mapping.targets import NamesOfEffects, place_of, targets_of
from tsumami.bridge.session.map_tables import Map
from tsumami.bridge.session.session import Session, check_names
from tsumami.engine.events import Kind

CHANNELS = 16
ALL_CHANNELS = range(CHANNELS)
_BANK_SELECT = (0, 32)
_FORWARDED = tuple(cc for cc in range(120) if cc not in _BANK_SELECT)
"""Controllers for an external synthesizer. Program changes choose patches here, and their banks likewise."""


@dataclass(frozen=True)
class Mapping:
    """Knobs by MIDI channel, 0-15, and source; several may share a target."""

    table: dict[tuple[int, Source], tuple[Knob, ...]]
    channels: frozenset[int]
    """MIDI channels 0-15 that are listened to."""
    fine: frozenset[tuple[int, int]] = frozenset()
    """Channels and control changes 0-31 that have seven more bits in the control change 32 above."""

    expression_semitones: float | None = None
    """How far a finger bends its own note, where notes have channels of their own (MPE)."""

    def knobs(self, channel: int, source: Source) -> tuple[Knob, ...]:
        """What ``source`` of a channel (0-15) moves; nothing if it is not mapped."""
        return self.table.get((channel, source), ())

    @cached_property
    def numbered(self) -> frozenset[int]:
        """Channels on which registered or non-registered parameter numbers are mapped."""
        return frozenset(channel for channel, source in self.table if source.kind in ("nrpn", "rpn"))


def compile_mapping(
    session: Session,
    *,
    macros: Sequence[str],
    parameters: Sequence[str],
    latents: int = 0,
    effects: NamesOfEffects = MappingProxyType({}),
    grains: NamesByName[str, float] = MappingProxyType({}),
) -> Mapping:
    """The session's maps with names turned into rows of ``macros``, ``parameters`` and ``effects``.

    ``latents`` and ``grains`` as of `targets_of`. Where somebody takes them, controllers that no map takes
    become CONTROL events. Raises `SessionError` for a name that is in neither table.
    """
    check_names(
        session,
        macros=macros,
        parameters=parameters,
        latents=latents,
        patches=_own_patch(session),
        effects=effects,
    )
    targets = targets_of(
        session, macros=macros, parameters=parameters, latents=latents, effects=effects, grains=grains
    )
    table: dict[tuple[int, Source], tuple[Knob, ...]] = {}
    fine: set[tuple[int, int]] = set()
    for entry in session.maps:
        knob = Knob(
            _of_state(entry) or targets[place_of(entry)],
            low=entry.low,
            high=entry.high,
            curve=entry.curve,
            takeover=entry.takeover,
            encoder=entry.encoder,
            step=entry.step,
        )
        for channel in _channels(entry.channel):
            key = (channel, Source(*entry.source))
            table[key] = (*table.get(key, ()), knob)
            if entry.cc is not None and entry.bits == 14:
                fine.add((channel, entry.cc))
    if session.takes_controllers:
        for channel, cc in itertools.product(ALL_CHANNELS, _FORWARDED):
            if (channel, cc - 32) not in fine:
                table.setdefault((channel, Source("cc", cc)), (Knob(Target(Kind.CONTROL, cc)),))
    semitones = float(session.midi.mpe_semitones) if session.hears_expression else None
    return Mapping(table, frozenset(_channels(session.midi.channel)), frozenset(fine), semitones)


def _of_state(entry: Map) -> Target | None:
    """What a map moves of the performance's state, if it does."""
    if entry.morph is not None:
        return Target(Kind.MORPH, morph_index(*entry.morph, is_straight=entry.morph_by == "parameters"))
    return None if entry.action is None else command_target(Command[entry.action.upper()], entry.slot or 0)


def _channels(number: int) -> Sequence[int]:
    """MIDI channels 0-15 that a session's channel number (1-16, 0 for all) means."""
    return ALL_CHANNELS if number == 0 else (number - 1,)


def _own_patch(session: Session) -> Sequence[str]:
    """The session's patch name: whether the bank has it is checked where the bank is known."""
    return () if session.instrument.patch is None else (session.instrument.patch,)
