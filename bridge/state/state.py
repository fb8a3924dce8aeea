"""Where a performance stands: captured, recalled, stepped through, and kept."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from tsumami.bridge.mapping import Positions, Target
from tsumami.bridge.mapping.command import Command, command_of, morph_of
from tsumami.bridge.state.files import VERSION, StateFile, is_ours, move_aside, read_state, write_state
from tsumami.bridge.state.history import History
from tsumami.bridge.state.instrument import Instrument
from tsumami.bridge.state.panic import panic_events
from tsumami.bridge.state.snapshot import Snapshot
from tsumami.bridge.state.way import Way
from tsumami.bridge.unused_path import unused_path
from tsumami.engine.errors import SessionError
from tsumami.engine.events import EVENT_DTYPE, NOW, Events, Kind

_CAPTURED: Final = (Kind.PARAMETER, Kind.EFFECT, Kind.BYPASS)
_MOVES: Final = (Kind.MACRO, Kind.LATENT, Kind.PARAMETER, Kind.EFFECT, Kind.BYPASS, Kind.PATCH)
_SPREAD: Final = 0.15
"""Standard deviation of what moves by chance, of its whole way."""
_SAVE_SECONDS: Final = 0.5
_NOTHING: Final = Snapshot("", {})
_NOWHERE: Final = Way(_NOTHING, _NOTHING, _NOTHING, {})


class State:
    """Snapshots, undo and redo of what ``targets`` are, by address.

    ``play`` takes events on their way to the engine, but those of the ``instrument``'s parameters. ``show``
    hears the name of the sound, ``tell`` a sentence. Snapshots are kept in the file ``snapshots``; where
    everything stands is kept in ``autosave``, twice a second while it moves. Any thread may call it.
    """

    def __init__(
        self,
        targets: Mapping[str, Target],
        positions: Positions,
        *,
        play: Callable[[Events], None],
        instrument: Instrument,
        show: Callable[[str], None],
        tell: Callable[[str], None],
        snapshots: Path,
        autosave: Path,
    ) -> None:
        self._targets = {name: target for name, target in targets.items() if target.kind in _CAPTURED}
        rows = {name: target.index for name, target in targets.items() if target.kind is Kind.PARAMETER}
        self._parameters, self._rows = tuple(rows), np.array(list(rows.values()), np.intp)
        self._others = {name: target for name, target in self._targets.items() if name not in rows}
        self._positions, self._play, self._instrument = positions, play, instrument
        self._show, self._tell = show, tell
        self._path, self._autosave = snapshots, autosave
        self._file = self._read(snapshots)
        self._is_autosave_ours = is_ours(autosave)
        self._lock = threading.RLock()
        self._history = History()
        self._other: Snapshot | None = None
        self._chance = np.random.default_rng()
        self._way, self._way_index, self._has_latent = _NOWHERE, -1, False
        self._saved: Snapshot | None = None
        self._saved_at = -float("inf")
        self.sound = ""
        """Name of the sound that was loaded last."""

    def now(self) -> Snapshot:
        """Where everything stands."""
        positions = dict(zip(self._parameters, self._positions.of_parameters(self._rows), strict=True))
        for address, target in self._others.items():
            value = self._positions(target)
            if value is not None:
                positions[address] = target.position(value)
        return Snapshot(self.sound, positions)

    @property
    def slots(self) -> dict[int, str]:
        """Names of the sounds of the snapshots, by slot."""
        with self._lock:
            return {slot: snapshot.sound for slot, snapshot in self._file.slots.items()}

    @property
    def locked(self) -> tuple[str, ...]:
        """Addresses that snapshots leave alone."""
        return tuple(self._file.locked)

    def note(self, events: Events) -> None:
        """Hear of events before they are played: the first of a gesture makes a step that can be undone."""
        if not np.isin(events["kind"], _MOVES).any():
            return
        with self._lock:
            if self._history.begins(time.monotonic_ns()):
                self._history.add(self.now())

    def do(self, index: int) -> None:
        """Do what a COMMAND event's index says; says what it has done."""
        command, slot = command_of(index)
        with self._lock:
            match command:
                case Command.PANIC:
                    self._play(panic_events())
                case Command.STORE:
                    self.store(slot)
                case Command.RECALL:
                    self.recall(slot)
                case Command.RANDOMISE:
                    self._randomise()
                case Command.COMPARE:
                    self._compare()
                case Command.UNDO | Command.REDO:
                    self._step(command)

    def store(self, slot: int) -> None:
        """Keep where everything stands in a slot."""
        with self._lock:
            self._file.slots[slot] = self.now()
            self._tell(f"snapshot {slot} stored{_of(self.sound)}")
            self._write()

    def recall(self, slot: int) -> None:
        """Go to the snapshot in a slot."""
        with self._lock:
            snapshot = self._file.slots.get(slot)
            if snapshot is None:
                there = ", ".join(map(str, sorted(self._file.slots))) or "none"
                self._tell(f"no snapshot {slot}: there are {there}")
                return
            self._history.add(self.now())
            self._go_to(snapshot)
            self._tell(f"snapshot {slot}{_of(snapshot.sound)}{self._missing(snapshot)}")

    def morph(self, index: int, share: float) -> None:
        """Go to a share of the way between two snapshots, as a MORPH event's index says."""
        with self._lock:
            is_first = self._history.begins(time.monotonic_ns())
            if is_first or index != self._way_index:
                self._begin_way(index, is_step=is_first)
            if self._has_latent:
                self._instrument.morph(share)
            elif rows := self._way.straight(share):
                self._instrument.load(rows)
            self._move(self._way.others(share))

    def lock(self, address: str, is_locked: bool) -> None:
        """Let snapshots, undo and redo leave an address alone, or not.

        Raises `ValueError` for one that is in no snapshot.
        """
        if address not in self._targets:
            raise ValueError(f"what is locked must be a parameter or bypass, got {address}")
        with self._lock:
            locked = set(self._file.locked) - {address}
            self._file.locked = sorted(locked | {address} if is_locked else locked)
            self._write()

    def resume(self) -> None:
        """Go to where the last performance ended, and say so."""
        try:
            ended = read_state(self._autosave).now
        except SessionError as error:
            self._tell(f"nothing resumed: {error}")
            return
        if ended is None:
            self._tell("nothing to resume: no performance of this session has left anything")
            return
        with self._lock:
            self._go_to(ended)
        self._tell(f"resumed{_of(ended.sound)}{self._missing(ended)}")

    def keep(self) -> None:
        """Write down where everything stands, if it has moved and the last time is a while ago."""
        if time.monotonic() - self._saved_at < _SAVE_SECONDS:
            return
        self._saved_at = time.monotonic()
        now = self.now()
        if now == self._saved:
            return
        self._saved = now
        try:
            if not self._is_autosave_ours:
                self._keep_beside()
            write_state(self._autosave, StateFile(now=now))
        except SessionError as error:
            self._saved_at = float("inf")  # said once
            self._tell(str(error))

    def _begin_way(self, index: int, *, is_step: bool) -> None:
        """Lay out the way that a MORPH event's index says; it leads nowhere where a snapshot is missing."""
        self._way, self._way_index, self._has_latent = _NOWHERE, index, False
        first, second, is_straight = morph_of(index)
        slots = self._file.slots
        missing = [slot for slot in (first, second) if slot not in slots]
        if missing:
            self._tell(f"no snapshot {missing[0]} to morph with")
            return
        before = self.now()
        if is_step:
            self._history.add(before)
        self._way = Way(before, slots[first], slots[second], self._targets, self._file.locked)
        if not is_straight:
            self._has_latent = self._instrument.morph_between(self._way.rows(0), self._way.rows(1))

    def _move(self, positions: Sequence[tuple[Target, float]]) -> None:
        """Let events move targets to positions."""
        rows = [
            (NOW, 0, target.value(position), target.index, int(target.kind), 0)
            for target, position in positions
        ]
        if rows:
            self._play(np.array(rows, EVENT_DTYPE))

    def _step(self, command: Command) -> None:
        step = self._history.undo if command is Command.UNDO else self._history.redo
        snapshot = step(self.now())
        word = command.name.lower()
        if snapshot is None:
            self._tell(f"nothing to {word}")
            return
        self._go_to(snapshot)
        self._tell(f"{word}{_of(snapshot.sound)}")

    def _randomise(self) -> None:
        """Move the instrument's parameters by chance, from where they are; those of few values stay."""
        now = self.now()
        self._history.add(now)
        moved = {
            address: _within(now.positions[address] + self._chance.normal(0.0, _SPREAD))
            for address in self._parameters
            if self._targets[address].grain == 0.0
        }
        self._go_to(Snapshot(now.sound, moved))
        self._tell(f"moved by chance{_of(now.sound)}; undo goes back")

    def _compare(self) -> None:
        """Go to the other of two states; the first time there is only this one."""
        now, other = self.now(), self._other
        self._other = now
        if other is None:
            self._tell("this state is kept to compare with")
            return
        self._go_to(other)
        self._tell(f"the other state{_of(other.sound)}")

    def _go_to(self, snapshot: Snapshot) -> None:
        """Move what is not locked; what is not here is left alone."""
        changes = snapshot.changes(self.now().positions, self._file.locked)
        moves = [(self._targets[address], position) for address, position in changes.items()]
        rows = {target.index: position for target, position in moves if target.kind is Kind.PARAMETER}
        if rows:
            self._instrument.load(rows)
        self._move([(target, position) for target, position in moves if target.kind is not Kind.PARAMETER])
        self.sound = snapshot.sound
        self._show(snapshot.sound)

    def _missing(self, snapshot: Snapshot) -> str:
        missing = [address for address in snapshot.positions if address not in self._targets]
        return f"; without {len(missing)} that are not here, such as {missing[0]}" if missing else ""

    def _read(self, path: Path) -> StateFile:
        """The snapshots there are; a file that cannot be used, or is of a newer version, is left as it is."""
        try:
            state = read_state(path)
        except SessionError as error:
            self._path = unused_path(path)
            self._tell(f"no snapshots: {error}; new ones go to {self._path.name}")
            return StateFile()
        if state.tsumami_state > VERSION:
            self._path = unused_path(path)
            self._tell(
                f"snapshots of a newer version: {len(state.slots)} are understood; new ones go to "
                f"{self._path.name}"
            )
        return msgspec.structs.replace(state, tsumami_state=VERSION)

    def _keep_beside(self) -> None:
        """Put what another version has left out of the way of this one."""
        self._is_autosave_ours = True
        copy = unused_path(self._autosave)
        move_aside(self._autosave, copy)
        self._tell(f"where another version of Tsumami ended is kept in {copy}")

    def _write(self) -> None:
        try:
            write_state(self._path, self._file)
        except SessionError as error:
            self._tell(str(error))


def _within(position: float) -> float:
    """A position that went beyond an end, as far back from it."""
    return 1.0 - abs(1.0 - abs(position) % 2.0)


def _of(sound: str) -> str:
    return f" ({sound})" if sound else ""
