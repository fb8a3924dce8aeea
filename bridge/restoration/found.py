"""The work of `tsumami restore` without a trace: damage is found first, and then repaired."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile

from tsumami.bridge.restoration.mend import Mender
from tsumami.bridge.restoration.sound_file import SoundReader, check_target, write_sound
from tsumami.engine.errors import ParameterError, SoundError
from tsumami.engine.restoration import Damage, DamageKind, Detector
from tsumami.engine.restoration.detection import USUAL
from tsumami.engine.restoration.lookahead import LONGEST_MS, MOST_FRAMES
from tsumami.engine.restoration.mix import Mixer

_NAMES = ", ".join(kind.value for kind in DamageKind)

OnProgress = Callable[[str, float], object]
"""Told what is done, and which share of it by now."""


@dataclass(frozen=True, slots=True)
class FoundRepair:
    """What was found and repaired, and how long it took."""

    sample_rate: int
    channels: int
    seconds: float
    detected: frozenset[DamageKind]
    found: tuple[Damage, ...]
    took_seconds: float

    @property
    def counts(self) -> dict[str, int]:
        """How often each kind that was looked for was found."""
        counted = Counter(damage.kind for damage in self.found)
        return {kind.value: counted[kind] for kind in DamageKind if kind in self.detected}

    def document(self) -> dict[str, Any]:
        """For JSON; channels count from 1, and are null where it is all of them."""
        to_ms = 1000.0 / self.sample_rate
        return {
            "sample_rate": self.sample_rate,
            "channels": self.channels,
            "seconds": round(self.seconds, 4),
            "counts": self.counts,
            "longest_ms": round(max((one.frames for one in self.found), default=0) * to_ms, 4),
            "repaired_ms": round(sum(one.frames for one in self.found) * to_ms, 4),
            "took_seconds": round(self.took_seconds, 4),
            "real_time_factor": round(self.took_seconds / self.seconds, 5),
            "found": [
                {
                    "kind": one.kind.value,
                    "start_seconds": round(one.begin / self.sample_rate, 6),
                    "length_ms": round(one.frames * to_ms, 4),
                    "channel": None if one.channel is None else one.channel + 1,
                }
                for one in self.found
            ],
        }

    def line(self) -> str:
        """For a person."""
        counts = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        longest = max((one.frames for one in self.found), default=0) / self.sample_rate
        what = f"found and repaired {counts}; the longest {1000 * longest:.1f} ms"
        if not self.found:
            what = f"no damage found ({', '.join(self.counts)}): the sound is as it was"
        return f"{what}; {self.seconds:.1f} s in {self.took_seconds:.1f} s"


def kinds_of(text: str) -> frozenset[DamageKind]:
    """The kinds of damage of a list with commas. Raises `ParameterError` for others, and for none."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in {kind.value for kind in DamageKind}]
    if names == ["none"] or not names:
        raise ParameterError(
            f"detect must name what is looked for, of {_NAMES}, got {text!r}; "
            "to look for nothing, say by --trace what was lost"
        )
    if unknown:
        raise ParameterError(f"detect must be of {_NAMES}, with commas between, got {unknown[0]!r}")
    return frozenset(map(DamageKind, names))


def restore_found(
    source: Path,
    target: Path,
    kinds: Collection[DamageKind] = USUAL,
    *,
    lookahead_ms: float | None = None,
    mixer: Mixer | None = None,
    overwrite: bool = False,
    on_progress: OnProgress = lambda _what, _share: None,
) -> FoundRepair:
    """Write ``source`` to ``target`` with the damage of some ``kinds`` that is found in it repaired.

    Samples outside of what is found are the file's own, bit for bit. Stretches are filled from both sides;
    ``lookahead_ms`` says how much of what comes after them counts. With 0 they are continued from before, and
    a crossfade follows them. A ``mixer`` weighs what they are filled with. Clipped stretches become louder
    than they were, so an output of them has floats. The file is read twice, page by page. Raises `SoundError`
    and `ParameterError` as `tsumami.bridge.restoration.restore.restore_file` does.
    """
    check_target(target, source, overwrite=overwrite)
    began = time.perf_counter()
    has_clips = DamageKind.CLIPS in kinds
    if has_clips:
        _check_floats(target)
    reader = SoundReader(source)
    try:
        after = _after_frames(lookahead_ms, reader.sample_rate)
        found = _detected(reader, kinds, on_progress)
    finally:
        reader.close()
    reader = SoundReader(source, as_floats=has_clips and any(one.kind is DamageKind.CLIPS for one in found))
    try:
        mender = Mender(reader, found, after, mixer)
        write_sound(target, reader, _told(mender, reader.frames, on_progress))
    finally:
        reader.close()
    seconds = reader.frames / reader.sample_rate
    took = time.perf_counter() - began
    return FoundRepair(reader.sample_rate, reader.channels, seconds, frozenset(kinds), tuple(found), took)


def _check_floats(target: Path) -> None:
    kind = target.suffix.lstrip(".").upper()
    if kind in soundfile.available_formats() and not soundfile.check_format(kind, "FLOAT"):
        raise SoundError(
            f"output must be a format with floats where clipped stretches are repaired, got {target.name}; "
            "choose .wav or .aiff"
        )


def _after_frames(lookahead_ms: float | None, sample_rate: int) -> int:
    if lookahead_ms is None:
        return MOST_FRAMES
    if not 0.0 <= lookahead_ms <= LONGEST_MS:
        raise ParameterError(f"lookahead must be 0-{LONGEST_MS:g} ms, got {lookahead_ms:g}")
    return min(round(lookahead_ms * sample_rate / 1000.0), MOST_FRAMES)


def _detected(reader: SoundReader, kinds: Collection[DamageKind], on_progress: OnProgress) -> list[Damage]:
    detector = Detector(reader.channels, reader.sample_rate, kinds)
    found: list[Damage] = []
    done = 0
    while done < reader.frames:
        native = reader.read(reader.sample_rate)
        found += detector.process(reader.to_audio(native))
        done += len(native)
        on_progress("looking for damage", done / reader.frames)
    found += detector.finish()
    return sorted(found, key=lambda one: (one.begin, one.end))


def _told(mender: Mender, frames: int, on_progress: OnProgress) -> Iterator[Any]:
    done = 0
    for page in mender.pages():
        yield page
        done += len(page)
        on_progress("repairing", done / frames)
