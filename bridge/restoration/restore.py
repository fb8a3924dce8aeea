"""The work of `tsumami restore`: a file's lost packets are concealed as they would be on a stream."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsumami.bridge.restoration.sound_file import Audio, Native, SoundReader, check_target, write_sound
from tsumami.bridge.restoration.trace import Lost, check_trace, runs_of
from tsumami.engine.restoration import Concealer, LookaheadConcealer
from tsumami.engine.restoration.mix import Mixer


@dataclass(frozen=True, slots=True)
class Repair:
    """What was repaired, and how long it took."""

    sample_rate: int
    channels: int
    seconds: float
    packets: int
    lost: int
    gaps: int
    longest_gap_ms: float
    repaired_ms: float
    took_seconds: float

    @property
    def real_time_factor(self) -> float:
        """Time taken for each second of sound."""
        return self.took_seconds / self.seconds

    def document(self) -> dict[str, Any]:
        """For JSON."""
        rounded = {name: round(value, 4) for name, value in asdict(self).items()}
        return {**rounded, "real_time_factor": round(self.real_time_factor, 5)}

    def line(self) -> str:
        """For a person."""
        return (
            f"{self.lost} of {self.packets} packets repaired in {self.gaps} gaps, the longest "
            f"{self.longest_gap_ms:.0f} ms; {self.seconds:.1f} s in {self.took_seconds:.1f} s"
        )


def restore_file(
    source: Path,
    target: Path,
    lost: Lost,
    packet: int,
    *,
    lookahead_ms: float = 0.0,
    mixer: Mixer | None = None,
    overwrite: bool = False,
    on_progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Repair:
    """Write ``source`` to ``target`` with its ``lost`` packets of ``packet`` frames concealed.

    Samples of other packets are the file's own, bit for bit, but for the crossfade after a gap. With
    ``lookahead_ms`` so much of what comes after a gap counts too; a ``mixer`` weighs what gaps are filled
    with. The file is read and written packet by
    packet. Raises `SoundError` for files that cannot be read or written,
    `ParameterError` for a trace that does not fit and a target that is there.
    """
    check_target(target, source, overwrite=overwrite)
    began = time.perf_counter()
    reader = SoundReader(source)
    try:
        check_trace(lost, reader.frames, packet)
        packets = _Packets(reader, lost, packet, lookahead_ms, mixer)
        write_sound(target, reader, told(packets.repaired(), len(lost), on_progress))
    finally:
        reader.close()
    return _repair_of(reader, lost, packet, time.perf_counter() - began)


def told(pieces: Iterator[Native], of: int, on_progress: Callable[[int, int], object]) -> Iterator[Native]:
    """The same pieces; after each it is told how many have gone through."""
    for number, piece in enumerate(pieces, 1):
        yield piece
        on_progress(number, of)


class _Packets:
    """The packets of a file on their way through a concealer, which may hold some back."""

    def __init__(
        self, reader: SoundReader, lost: Lost, packet: int, lookahead_ms: float, mixer: Mixer | None
    ) -> None:
        self._reader, self._lost, self._packet = reader, lost.tolist(), packet
        format_ = reader.channels, reader.sample_rate, packet
        self._concealer = (
            LookaheadConcealer(*format_, lookahead_ms, mixer=mixer)
            if lookahead_ms
            else Concealer(*format_, mixer=mixer)
        )
        self._held = self._concealer.latency_samples // packet

    def repaired(self) -> Iterator[Native]:
        """Each packet; where the concealer has not touched it, it is the file's own."""
        waiting: deque[tuple[Native, Audio, bool]] = deque()
        for number, is_lost in enumerate([*self._lost, *[True] * self._held]):
            native = self._reader.read(self._packet)
            heard = self._reader.to_audio(native)
            waiting.append((native, heard, is_lost))
            repaired = self._concealer.process(heard, is_lost)
            if number >= self._held:
                yield self._merged(*waiting.popleft(), repaired)

    def _merged(self, native: Native, heard: Audio, is_lost: bool, repaired: Audio) -> Native:
        if repaired is heard:
            return native
        is_touched = is_lost | (repaired != heard)
        return np.where(is_touched, self._reader.to_native(repaired), native)


def _repair_of(reader: SoundReader, lost: Lost, packet: int, took: float) -> Repair:
    edges = runs_of(lost)
    lengths = np.minimum(edges * packet, reader.frames) @ np.array([-1, 1])
    to_ms = 1000.0 / reader.sample_rate
    return Repair(
        sample_rate=reader.sample_rate,
        channels=reader.channels,
        seconds=reader.frames / reader.sample_rate,
        packets=len(lost),
        lost=int(lost.sum()),
        gaps=len(edges),
        longest_gap_ms=float(lengths.max(initial=0)) * to_ms,
        repaired_ms=float(lengths.sum()) * to_ms,
        took_seconds=took,
    )
