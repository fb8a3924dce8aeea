"""How a knob takes over what it moves, when somebody else has moved it meanwhile.

    jump       the target goes where the knob is
    pickup     nothing moves until the knob comes by where the target stands
    scale      both reach the same end: the target covers the rest of its way as the knob covers its own
    relative   an endless encoder moves the target from where it is

A patch, a macro, another knob: whatever moves the target takes it out of the knob's hand. What the knob has
sent is told from that, also while it is on its way, and where the target rounds it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from tsumami.bridge.mapping.knob import Knob, ticks
from tsumami.bridge.mapping.mapping import Mapping
from tsumami.bridge.mapping.source import Source, Turn
from tsumami.bridge.mapping.target import Target

Where = Callable[[Target], float | None]
"""The value at which a target stands now; None where nobody knows."""

NEAR: Final = 1.5 / 127
"""How close a knob of seven bits comes to a target without passing it."""
_ROUNDING: Final = 1e-4
"""How far a target may stand from where it was put, if it takes all values."""
_ON_ITS_WAY_NS: Final = 300_000_000
"""From a knob to where its target is seen to stand, at the most."""
_UNKNOWN: Final = 0.5
"""Where an endless encoder takes a target for that nobody has moved yet."""


class Apart(NamedTuple):
    """How far a knob is from what it does not hold yet."""

    distance: float
    """The way that it has to turn, -1 to 1."""
    stands: float
    """Where it stands, by its target's position 0-1."""


class Hand:
    """One knob of one controller, and what it holds."""

    def __init__(self, knob: Knob) -> None:
        self.knob = knob
        span = abs(knob.high - knob.low)
        self._rounding = max(_ROUNDING, knob.target.grain / span) if span else 1.0
        self._seen: float | None = None  # where the knob was last
        self._put: float | None = None  # where it has put its target, by its own scale; None: not in hand
        self._passing: deque[tuple[int, float]] = deque()  # until when it may be seen to stand there
        self.distance = 0.0
        """How far the knob has to turn until it takes its target over, -1 to 1; 0 once it has."""

    @property
    def apart(self) -> Apart | None:
        """How far it is from taking its target over; None once it has."""
        if not self.distance or self._seen is None:
            return None
        target = self.knob.target
        return Apart(self.distance, target.position(self.knob.value(self._seen)))

    def move(self, turn: Turn, now: float | None, stamp_ns: int) -> float | None:
        """Value for the target, or None to leave it alone; ``now`` is its value at present."""
        at = None if now is None else self.knob.position(now)
        stands = self._stands(at, stamp_ns)
        position = self._position(turn, stands)
        self._passing.extend(
            (stamp_ns + _ON_ITS_WAY_NS, place) for place in (at, self._put) if place is not None
        )
        self._seen, self._put = turn.position, position
        if position is None:
            self.distance = 0.0 if stands is None else stands - turn.position
            return None
        self.distance = 0.0
        return self.knob.value(position)

    def _stands(self, at: float | None, stamp_ns: int) -> float | None:
        """Where the target is, by the knob's scale: where it was put, unless it was moved since.

        It is on its way there as long as it is where it was before, or where it was put meanwhile.
        """
        while self._passing and self._passing[0][0] < stamp_ns:
            self._passing.popleft()
        if self._put is None or at is None:
            return at if at is not None else self._put
        places = (self._put, *(place for _, place in self._passing))
        is_own = any(abs(at - place) <= self._rounding for place in places)
        return self._put if is_own else at

    def _position(self, turn: Turn, stands: float | None) -> float | None:
        """Where the knob puts its target, by its own scale."""
        takeover, position = self.knob.takeover, turn.position
        if takeover == "relative":
            moved = ticks(self.knob.encoder, turn.bits) * self.knob.step
            return min(max((_UNKNOWN if stands is None else stands) + moved, 0.0), 1.0)
        if takeover == "jump" or stands is None or self._holds(stands) or self._meets(position, stands):
            return position
        return None if takeover == "pickup" else self._scaled(position, stands)

    def _holds(self, stands: float) -> bool:
        """Whether the target is where the knob was."""
        return self._put is not None and self._put == stands == self._seen

    def _meets(self, position: float, stands: float) -> bool:
        """Whether the knob has come to where the target is, or by it, however fast."""
        before = position if self._seen is None else self._seen
        has_passed = min(before, position) <= stands <= max(before, position)
        return has_passed or abs(position - stands) <= max(NEAR, self._rounding)

    def _scaled(self, position: float, stands: float) -> float | None:
        """The target goes as much of the way to its end as the knob goes of its own."""
        before = self._seen
        if before is None or position == before:
            return None if before is None else stands
        if position > before:
            return stands + (1.0 - stands) * (position - before) / (1.0 - before)
        return stands * position / before


class Hands:
    """All knobs of one controller, by ``mapping``; ``where`` says where their targets stand."""

    def __init__(self, mapping: Mapping, where: Where | None = None) -> None:
        self._mapping = mapping
        self._where = where if where is not None else _unknown
        self._hands: dict[tuple[int, Source], tuple[Hand, ...]] = {}

    def has(self, channel: int, source: Source) -> bool:
        """Whether ``source`` of a channel (0-15) moves anything."""
        return bool(self._mapping.knobs(channel, source))

    def move(self, channel: int, turn: Turn, stamp_ns: int) -> Iterator[tuple[Target, float]]:
        """The targets that a turn moves, and the values of their events."""
        key = (channel, turn.source)
        if key not in self._hands:
            self._hands[key] = tuple(map(Hand, self._mapping.knobs(*key)))
        for hand in self._hands[key]:
            target = hand.knob.target
            value = hand.move(turn, self._where(target), stamp_ns)
            if value is not None:
                yield target, value

    def distances(self) -> dict[Target, Apart]:
        """How far knobs have to turn until they take over what they do not hold; any thread may ask."""
        hands = [hand for each in list(self._hands.values()) for hand in each]
        return {hand.knob.target: apart for hand in hands if (apart := hand.apart) is not None}


def _unknown(_target: Target) -> None:
    return None
