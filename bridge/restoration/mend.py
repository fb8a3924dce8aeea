"""Repair of stretches that were found: each from the sound on both sides of it, channel by channel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.bridge.restoration.sound_file import Native, SoundReader
from tsumami.engine.restoration import Concealer, Damage, DamageKind
from tsumami.engine.restoration.lookahead import MOST_FRAMES
from tsumami.engine.restoration.mix import Mixer

Samples = npt.NDArray[np.float32]

_PAGE_SECONDS: Final = 1.0
_BLOCK_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples of one channel that are repaired at once, and what was found there."""

    begin: int
    end: int
    kinds: frozenset[DamageKind]


def stretches_of(damage: Sequence[Damage], channel: int) -> list[Stretch]:
    """Those of a channel, in order; what overlaps or touches is one."""
    joined: list[Stretch] = []
    own = (one for one in damage if one.channel in (None, channel))
    for one in sorted(own, key=lambda one: one.begin):
        if joined and one.begin <= joined[-1].end:
            last = joined.pop()
            joined.append(Stretch(last.begin, max(last.end, one.end), last.kinds | {one.kind}))
        else:
            joined.append(Stretch(one.begin, one.end, frozenset({one.kind})))
    return joined


class Mender:
    """Gives a sound page by page, its stretches repaired; all else is the file's own, bit for bit.

    ``after`` is how many frames of what comes after a stretch count. With 0 it is only continued, and what
    comes after it is mixed in, as on a stream; clicks are filled from both sides all the same. Of the sound
    there is in memory no more than a page and the longest stretch.
    """

    def __init__(
        self,
        reader: SoundReader,
        damage: Sequence[Damage],
        after: int = MOST_FRAMES,
        mixer: Mixer | None = None,
    ) -> None:
        self._reader = reader
        self._page = round(_PAGE_SECONDS * reader.sample_rate)
        stretches = [stretches_of(damage, channel) for channel in range(reader.channels)]
        self._ahead = max((one.end - one.begin for own in stretches for one in own), default=0) + MOST_FRAMES
        self._channels = [_Channel(own, reader.sample_rate, after, mixer) for own in stretches]

    def pages(self) -> Iterator[Native]:
        """The whole file."""
        at = 0
        native = self._reader.read(self._page + self._ahead)
        while len(native):
            page = min(self._page, len(native))
            sound = self._reader.to_audio(native)
            for number, channel in enumerate(self._channels):
                for begin, repaired in channel.advance(sound[:, number], at, at + page):
                    place = slice(begin - at, begin - at + len(repaired))
                    native[place, number] = self._reader.to_native(repaired)
            yield native[:page]
            at += page
            native = np.concatenate([native[page:], self._reader.read(page)])


class _Channel:
    """One channel on its way through a concealer."""

    def __init__(self, stretches: list[Stretch], sample_rate: int, after: int, mixer: Mixer | None) -> None:
        self._waiting = stretches[::-1]
        self._block = round(_BLOCK_SECONDS * sample_rate)
        self._concealer = Concealer(1, sample_rate, self._block, mixer=mixer) if stretches else None
        self._after = after
        self._at = 0

    def advance(self, sound: Samples, first: int, end: int) -> Iterator[tuple[int, Samples]]:
        """Repair what begins before place ``end``, in the ``sound`` too: where, and by what.

        ``sound`` begins at place ``first`` and goes on as far as a repair needs it.
        """
        while self._waiting and self._waiting[-1].begin < end:
            stretch = self._waiting.pop()
            yield from self._hear(sound, first, stretch.begin)
            until = self._waiting[-1].begin if self._waiting else first + len(sound)
            repaired = self._repaired(sound, first, stretch, until)
            sound[stretch.begin - first : stretch.end - first] = repaired
            self._at = stretch.end
            yield stretch.begin, repaired
        yield from self._hear(sound, first, end)

    def _hear(self, sound: Samples, first: int, end: int) -> Iterator[tuple[int, Samples]]:
        """Let the concealer hear what is whole; after a continuation it mixes it."""
        if self._concealer is None or self._at >= end:
            return
        heard = sound[self._at - first : end - first, None]
        played = self._concealer.process(heard, False)
        changed = np.flatnonzero(played[:, 0] != heard[:, 0])
        if len(changed):
            mixed = slice(changed[0], changed[-1] + 1)
            yield self._at + int(changed[0]), played[mixed, 0]
        self._at = end

    def _repaired(self, sound: Samples, first: int, stretch: Stretch, until: int) -> Samples:
        assert self._concealer is not None
        frames = stretch.end - stretch.begin
        is_click = stretch.kinds == {DamageKind.CLICKS}
        if self._after or is_click:
            end = min(stretch.end + (self._after or MOST_FRAMES), until)
            filled = self._concealer.fill(frames, sound[stretch.end - first : end - first, None])[:, 0]
        else:
            sizes = [min(self._block, frames - done) for done in range(0, frames, self._block)]
            nothing = [np.zeros((size, 1), np.float32) for size in sizes]
            filled = np.concatenate([self._concealer.process(block, True)[:, 0] for block in nothing])
        if stretch.kinds == {DamageKind.CLIPS}:
            there = sound[stretch.begin - first : stretch.end - first]
            return np.where(filled * np.sign(there) > np.abs(there), filled, there)
        return filled
