"""Concealment of lost blocks: what was heard goes on until the stream does."""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.engine.restoration.channel import Channel, Fit
from tsumami.engine.restoration.mix import Mixer
from tsumami.engine.restoration.repair_control import HOLD_SECONDS

Block = npt.NDArray[np.float32]
Samples = npt.NDArray[np.float64]

CROSSFADE_SECONDS: Final = 0.002
"""After a gap the first true samples are mixed with the continuation for so long."""
FADE_SECONDS: Final = 0.2
"""Of the continuation, after `HOLD_SECONDS` of a gap."""
PAIR: Final = ((768, 6144), (1536, 16384))
ALONE: Final = ((1024, 8192),)
"""Orders and contexts of the autoregressions at 44.1 kHz."""
QUICK: Final = (256, 2048)
"""Of the third that a mixer has."""
LONG_BLOCK_SECONDS: Final = 0.005
LARGEST_SCALE: Final = 1.5
"""Of orders and contexts at higher sample rates: a fit costs the square of the order."""
_WARM_UP_SECONDS: Final = 0.5
"""Of noise: enough to search in."""
_LOWEST_RATE, _HIGHEST_RATE = 8_000, 192_000


def is_long(sample_rate: float, block_size: int) -> bool:
    """Whether a block is so long that much can be spent on it."""
    return block_size >= LONG_BLOCK_SECONDS * sample_rate


def fits_for(sample_rate: float, block_size: int) -> tuple[Fit, ...]:
    """The autoregressions whose mean is the guess of lost blocks of so many samples.

    For blocks of `LONG_BLOCK_SECONDS` and more there are two, whose mean is nearer than either: the short
    one follows what changes, the long one tells partials apart that lie close. Blocks that are shorter come
    more often; what two would take is better spent on one that is larger.
    """
    sizes = PAIR if is_long(sample_rate, block_size) else ALONE
    return tuple(_fit(sample_rate, *size) for size in sizes)


def _fit(sample_rate: float, order: int, context: int) -> Fit:
    scale = min(max(sample_rate / 44_100, 0.5), LARGEST_SCALE)
    return Fit(round(order * scale), round(context * scale))


class Concealer:
    """Repairs a stream block by block, without delay.

    A lost block is the mean of autoregressions (`fits_for`) of what was heard, each going on by itself over
    the whole gap. To long blocks is added what they cannot foresee, where the same was played before
    (`tsumami.engine.restoration.similar`). After `HOLD_SECONDS` it fades. The first samples after a gap are
    mixed with the continuation over `CROSSFADE_SECONDS`; all others that were not lost pass bit for bit.
    With a ``mixer``, as `tsumami.engine.restoration.mix_model.MixModel` is, it weighs long blocks' parts
    instead.

    ``channels`` are repaired each by itself, at 8 to 192 kHz; ``block_size`` is how many samples are lost at
    a time. Without ``is_searching`` the autoregressions are left alone. For any thread but the audio thread.
    """

    latency_samples = 0

    def __init__(
        self,
        channels: int,
        sample_rate: float,
        block_size: int,
        *,
        is_searching: bool = True,
        mixer: Mixer | None = None,
    ) -> None:
        if not _LOWEST_RATE <= sample_rate <= _HIGHEST_RATE:
            raise ParameterError(
                f"sample rate must be {_LOWEST_RATE}-{_HIGHEST_RATE} Hz, got {sample_rate:g}; resample first"
            )
        if channels < 1:
            raise ParameterError(f"channels must be at least 1, got {channels}")
        self._rate = sample_rate
        self._fits = fits_for(sample_rate, block_size)
        self._is_searching = is_searching and is_long(sample_rate, block_size)
        self._mixer = mixer if is_long(sample_rate, block_size) else None
        self._count = channels
        self._crossfade = round(CROSSFADE_SECONDS * sample_rate)
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._channels = [
            Channel(
                self._fits,
                self._rate,
                is_searching=self._is_searching,
                quick=_fit(self._rate, *QUICK),
                mixer=self._mixer,
            )
            for _ in range(self._count)
        ]
        self._gap = 0
        self._mixed = self._crossfade

    def warm_up(self) -> None:
        """Compile what gaps take, by one in noise, so that none has to wait for it; then forget."""
        noise = np.random.default_rng(0).standard_normal((round(_WARM_UP_SECONDS * self._rate), self._count))
        self.process(noise.astype(np.float32), False)
        for is_lost in (True, False):
            self.process(np.zeros((self._crossfade, self._count), np.float32), is_lost)
        self.reset()

    def process(self, block: Block, is_lost: bool) -> Block:
        """Float32 ``[frames, channels]`` as it is to be played; what a lost block holds does not matter."""
        frames = len(block)
        if is_lost:
            self._begin()
            repaired = self._continuation(frames)
            heard = repaired
            self._gap, self._mixed = self._gap + frames, 0
        else:
            repaired, heard = self._recovered(block), block
        self._hear(heard)
        return repaired

    def fill(self, frames: int, after: Block) -> Block:
        """The rest of a gap at once, if so much of what comes ``after`` it is known.

        It is what is likely between the two; nothing of the stream is mixed with it.
        The cost grows with the cube of what comes after.
        """
        self._begin(is_mixed=is_long(self._rate, frames))
        known = np.nan_to_num(after.astype(np.float64), posinf=0.0, neginf=0.0)
        parts = [channel.fill(frames, known[:, number]) for number, channel in enumerate(self._channels)]
        filled = np.stack(parts, axis=1).astype(np.float32)
        self._hear(filled)
        self._gap, self._mixed = 0, self._crossfade
        return filled

    def _begin(self, *, is_mixed: bool = True) -> None:
        if self._gap == 0:
            for channel in self._channels:
                channel.begin(is_mixed=is_mixed)

    def _hear(self, block: Block) -> None:
        for number, channel in enumerate(self._channels):
            channel.hear(block[:, number])

    def _continuation(self, frames: int) -> Block:
        guess = np.stack([channel.go_on(frames) for channel in self._channels], axis=1)
        return (guess * self._fade(frames)[:, None]).astype(np.float32)

    def _fade(self, frames: int) -> Samples:
        seconds = (self._gap + np.arange(frames)) / self._rate
        share = np.clip((seconds - HOLD_SECONDS) / FADE_SECONDS, 0.0, 1.0)
        return np.asarray(0.5 + 0.5 * np.cos(np.pi * share))

    def _recovered(self, block: Block) -> Block:
        """A true block, mixed with the continuation if a gap has just ended."""
        mixed = min(len(block), self._crossfade - self._mixed)
        if mixed == 0:
            return block
        share = ((self._mixed + np.arange(mixed) + 1) / (self._crossfade + 1))[:, None]
        repaired = block.copy()
        repaired[:mixed] = (1.0 - share) * self._continuation(mixed) + share * block[:mixed]
        self._mixed += mixed
        self._gap = self._gap + mixed if self._mixed < self._crossfade else 0
        return repaired
