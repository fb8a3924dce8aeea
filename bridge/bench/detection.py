"""Detection of damage: false alarms on sound that is whole, and what is found of damage done by seed.

Each file is searched as it is and rounded to 16 bits. Damage is done to one place in each half of a second,
see `tsumami.bridge.bench.damage`. It is found if half of its samples are, as the same kind; a false alarm is
anything found where nothing was done.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench import damage as damages
from tsumami.bridge.bench.report import Report, Row
from tsumami.bridge.bench.sounds import sounds_in
from tsumami.engine.errors import SoundError
from tsumami.engine.restoration import Damage, DamageKind, Detector
from tsumami.engine.restoration.detection import USUAL

Audio = npt.NDArray[np.float32]
Damages = Callable[[Audio, int, int], tuple[Audio, list[Damage]]]

_NEAR_FRAMES: Final = 2
"""What is found so near to damage is no false alarm."""
_DONE: Final[dict[str, tuple[DamageKind, Damages]]] = {
    "zeros": (DamageKind.ZEROS, damages.zeros),
    "repeats": (DamageKind.REPEATS, damages.repeats),
    **{
        f"clicks of {height:g} × the level": (DamageKind.CLICKS, damages.clicks(height))
        for height in (10.0, 3.0, 1.0, 0.3)
    },
    "clips": (DamageKind.CLIPS, damages.clips),
}


@dataclass(slots=True)
class Score:
    """How one kind of damage fared, over all files."""

    done: int = 0
    hits: int = 0
    told: int = 0
    true: int = 0
    offsets: list[int] = field(default_factory=list)
    """Of the edges of what was found, in frames."""

    def add(self, found: Sequence[Damage], done: Sequence[Damage], kind: DamageKind) -> None:
        """Count what was ``found`` where damage of one ``kind`` was ``done``."""
        self.done += len(done)
        self.told += len(found)
        self.true += sum(any(_touches(one, truth, _NEAR_FRAMES) for truth in done) for one in found)
        for truth in done:
            own = [one for one in found if one.kind is kind and _touches(one, truth, 0)]
            common = sum(min(one.end, truth.end) - max(one.begin, truth.begin) for one in own)
            if 2 * common >= truth.frames:
                self.hits += 1
                self.offsets += [
                    abs(min(one.begin for one in own) - truth.begin),
                    abs(max(one.end for one in own) - truth.end),
                ]

    def rows(self, name: str) -> Iterator[Row]:
        """Recall, precision, and how near the edges are."""
        yield Row(f"{name}: recall, of {self.done:,}", 100.0 * self.hits / max(self.done, 1), "%")
        yield Row(f"{name}: precision", 100.0 * self.true / max(self.told, 1), "%")
        if self.offsets:
            exact = np.array(self.offsets) == 0
            yield Row(f"{name}: edges found to the sample", 100.0 * float(exact.mean()), "%")
            yield Row(f"{name}: mean error of an edge", float(np.mean(self.offsets)), "samples")


def _touches(one: Damage, other: Damage, margin: int) -> bool:
    is_same_channel = one.channel is None or other.channel is None or one.channel == other.channel
    return is_same_channel and one.begin < other.end + margin and other.begin < one.end + margin


def run(data: Path | None = None, clean: list[Path] | None = None) -> Report:
    """Search and damage the music in folder ``data``; search the sound in folders ``clean`` too.

    Raises `SoundError` without music.
    """
    files = sounds_in(data) if data is not None else []
    if not files:
        raise SoundError(f"data must be a folder of music, got {data}; --data FOLDER")
    rows = [*_alarms("music", files)]
    for folder in clean or []:
        rows += _alarms(folder.name, sounds_in(folder))
    for name, (kind, do) in track(_DONE.items(), "damaging", console=Console(stderr=True)):
        score = Score()
        kinds = {kind} if kind not in USUAL else USUAL
        for seed, file in enumerate(files):
            sound, rate = _read(file)
            damaged, done = do(sound, rate, seed)
            score.add(_found(damaged, rate, kinds), done, kind)
        rows += score.rows(name)
    return Report("detection", rows, [f"Music: {', '.join(file.stem for file in files)}."])


def _alarms(name: str, files: Sequence[Path]) -> Iterator[Row]:
    """False alarms of each kind for an hour of files, and the time that it takes."""
    alarms: Counter[DamageKind] = Counter()
    seconds = took = 0.0
    for file in track(files, f"searching {name}", console=Console(stderr=True)):
        sound, rate = _read(file)
        rounded = np.asarray(np.rint(sound * 32768.0) / 32768.0, np.float32)
        for whole in (sound, rounded):
            began = time.process_time()
            alarms.update(one.kind for one in _found(whole, rate, USUAL))
            took += time.process_time() - began
            seconds += len(whole) / rate
    yield Row(f"{name}: searched", seconds / 3600.0, "h")
    for kind in DamageKind:
        if kind in USUAL:
            yield Row(f"{name}: false {kind.value}", float(alarms[kind]), "")
    yield Row(f"{name}: false alarms an hour", sum(alarms.values()) / max(seconds / 3600.0, 1e-9), "1/h")
    yield Row(f"{name}: time for a second", took / max(seconds, 1e-9), "s")


def _found(sound: Audio, rate: int, kinds: Collection[DamageKind]) -> list[Damage]:
    detector = Detector(sound.shape[1], rate, kinds)
    return [*detector.process(sound), *detector.finish()]


def _read(file: Path) -> tuple[Audio, int]:
    sound, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return np.asarray(sound, np.float32), int(rate)
