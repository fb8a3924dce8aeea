"""Concealment with a delay: a gap is filled when what comes after it is known."""

from collections import deque
from itertools import takewhile
from typing import Final

import numpy as np

from tsumami.engine.errors import ParameterError
from tsumami.engine.restoration.concealer import Block, Concealer
from tsumami.engine.restoration.mix import Mixer

LONGEST_MS: Final = 100.0
MOST_FRAMES: Final = 256
"""Of what comes after a gap; more says nothing about the gap, and costs its cube."""


class LookaheadConcealer:
    """Repairs a stream as `Concealer` does, and looks ahead.

    The stream is delayed by as many blocks as ``lookahead_ms`` take. A gap that ends within them is filled
    with what is likely between the sound before it and up to ``lookahead_ms`` of the sound after it; one
    that does not is continued until it does. What was not lost passes bit for bit, but for the crossfade
    after a gap that was only continued.

    For any thread but the audio thread.
    """

    def __init__(
        self,
        channels: int,
        sample_rate: float,
        block_size: int,
        lookahead_ms: float,
        *,
        mixer: Mixer | None = None,
    ) -> None:
        if not 0.0 < lookahead_ms <= LONGEST_MS:
            raise ParameterError(f"lookahead must be 0-{LONGEST_MS:g} ms, got {lookahead_ms:g}")
        self._concealer = Concealer(channels, sample_rate, block_size, mixer=mixer)
        frames = max(1, round(lookahead_ms * sample_rate / 1000.0))
        self._frames = min(frames, MOST_FRAMES)
        self._blocks = -(-frames // block_size)
        self._silence = np.zeros((block_size, channels), np.float32)
        self.latency_samples = self._blocks * block_size
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._concealer.reset()
        self._waiting = deque([(self._silence, False)] * self._blocks)
        self._filled: deque[Block] = deque()

    def process(self, block: Block, is_lost: bool) -> Block:
        """Float32 ``[frames, channels]``, `latency_samples` late; what a lost block holds does not matter.

        What comes out first is silence. After the last block, as many blocks that are lost bring out the
        rest.
        """
        self._waiting.append((block, is_lost))
        oldest, was_lost = self._waiting.popleft()
        if was_lost and not self._filled:
            self._fill(oldest)
        if was_lost and self._filled:
            return self._filled.popleft()
        return self._concealer.process(oldest, was_lost)

    def _fill(self, oldest: Block) -> None:
        """Fill the gap that begins with ``oldest``, if its end is seen."""
        lengths = [len(oldest), *(len(block) for block, _ in takewhile(lambda item: item[1], self._waiting))]
        rest = list(self._waiting)[len(lengths) - 1 :]
        seen = [block for block, _ in takewhile(lambda item: not item[1], rest)]
        if seen:
            filled = self._concealer.fill(sum(lengths), np.concatenate(seen)[: self._frames])
            self._filled.extend(np.split(filled, np.cumsum(lengths)[:-1]))
