"""Stretches that were louder than there was room for: they lie flat at the loudest there is."""

from typing import Final

import numpy as np

from tsumami.engine.restoration.detection_damage import Damage, DamageKind
from tsumami.engine.restoration.detection_history import History
from tsumami.engine.restoration.detection_runs import Runs

LEAST_SAMPLES: Final = 3

_QUIETEST: Final = 0.1
_LEAST_STEP: Final = 0.005
"""To the samples beside it, of its height: the top of a wave that was not clipped is round."""
_NEARLY: Final = 0.98
"""Of the loudest sample of a channel."""


class ClipFinder:
    """Finds `LEAST_SAMPLES` and more that are equal, steep at one side, and as loud as any of their channel.

    As the loudest is only known in the end, all is told there.
    """

    def __init__(self, channels: int, sample_rate: float) -> None:  # noqa: ARG002
        # A run of samples that equal the one before them has one fewer than the stretch.
        self._runs = [Runs(LEAST_SAMPLES - 1) for _ in range(channels)]
        self._flat: list[list[tuple[int, int, float]]] = [[] for _ in range(channels)]
        self._loudest = np.zeros(channels)
        self._at = 0

    def find(self, history: History, is_over: bool) -> list[Damage]:
        """Nothing, until the stream is over."""
        page = history.span(self._at - 1, history.end)
        page = page if self._at else np.pad(page, ((0, 0), (1, 0)))
        self._loudest = np.maximum(self._loudest, np.abs(page).max(axis=1, initial=0.0))
        is_flat = (np.diff(page) == 0.0) & (np.abs(page[:, 1:]) >= _QUIETEST)
        for channel, runs in enumerate(self._runs):
            for begin, end in runs.hear(is_flat[channel], self._at):
                if begin > 1:
                    self._keep(history, channel, begin - 1, end)
        self._at = history.end
        return self._told() if is_over else []

    def _keep(self, history: History, channel: int, begin: int, end: int) -> None:
        """Remember a stretch, if it may be clipped."""
        around = np.abs(history.span(begin - 1, end + 1)[channel])
        height = float(around[1])
        steps = height - around[[0, -1]]
        if (
            height >= _NEARLY * self._loudest[channel]
            and steps.min() > 0 < steps.max() - _LEAST_STEP * height
        ):
            self._flat[channel].append((begin, end, height))

    def _told(self) -> list[Damage]:
        return [
            Damage(begin, end, DamageKind.CLIPS, channel if len(self._flat) > 1 else None)
            for channel, stretches in enumerate(self._flat)
            for begin, end, height in stretches
            if height >= _NEARLY * self._loudest[channel]
        ]
