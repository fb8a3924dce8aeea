"""The way between two snapshots."""

from collections.abc import Collection, Iterator, Mapping

from tsumami.bridge.mapping import Target
from tsumami.bridge.state.snapshot import Snapshot
from tsumami.engine.events import Kind


class Way:
    """Where everything in ``targets`` stands between the snapshots ``first`` and ``second``.

    What one of them does not have stands there as it stands ``now``; what is ``locked`` does not move.
    """

    def __init__(
        self,
        now: Snapshot,
        first: Snapshot,
        second: Snapshot,
        targets: Mapping[str, Target],
        locked: Collection[str] = (),
    ) -> None:
        self._targets = targets
        self._ends = {
            address: (first.positions.get(address, at), second.positions.get(address, at))
            for address, at in now.positions.items()
            if address in targets and address not in locked
        }

    def rows(self, end: int) -> dict[int, float]:
        """The instrument's parameters at the end 0 or 1, by row."""
        return {target.index: ends[end] for target, ends in self._pairs() if target.kind is Kind.PARAMETER}

    def straight(self, share: float) -> dict[int, float]:
        """The instrument's parameters at a share of the straight way, by row, as far as they move."""
        return {
            target.index: _at(target, ends, share)
            for target, ends in self._pairs()
            if target.kind is Kind.PARAMETER and ends[0] != ends[1]
        }

    def others(self, share: float) -> list[tuple[Target, float]]:
        """Positions of what else moves."""
        return [
            (target, _at(target, ends, share))
            for target, ends in self._pairs()
            if target.kind is not Kind.PARAMETER and ends[0] != ends[1]
        ]

    def _pairs(self) -> Iterator[tuple[Target, tuple[float, float]]]:
        return ((self._targets[address], ends) for address, ends in self._ends.items())


def _at(target: Target, ends: tuple[float, float], share: float) -> float:
    """On the straight line; what has few values is that of the nearer end."""
    if target.grain > 0.0 or target.kind is Kind.BYPASS:
        return ends[share >= 0.5]
    return (1.0 - share) * ends[0] + share * ends[1]
