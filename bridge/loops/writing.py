"""Generated loops as files, all of them or none."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import SoundError
from tsumami.engine.loops.assembly import check_bars, check_tempo, loop_frames
from tsumami.engine.loops.generator import LoopGenerator
from tsumami.engine.loops.loop_wav import loop_wav
from tsumami.engine.loops.loudness import evened
from tsumami.engine.loops.wishes import Wish
from tsumami.plugins.offline.wav import write_beside

Audio = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Order:
    """``count`` loops from ``seed`` on. `ParameterError` for what is not played."""

    wish: Wish
    bars: int
    count: int
    seed: int
    sample_rate: int

    def __post_init__(self) -> None:
        check_tempo(self.wish.bpm)
        check_bars(self.bars)


@dataclass(frozen=True, slots=True)
class Written:
    """The files, the frames of each, and how long it took to make them."""

    order: Order
    paths: list[Path]
    frames: int
    seconds: float
    picture: Path | None

    def document(self) -> dict[str, Any]:
        """As JSON can say it."""
        order, wish = self.order, self.order.wish
        return {
            "loops": [str(path) for path in self.paths],
            "picture": None if self.picture is None else str(self.picture),
            "kind": wish.kind,
            "bpm": wish.bpm,
            "bars": order.bars,
            "density": wish.density,
            "brightness": wish.brightness,
            "seed": order.seed,
            "sample_rate": order.sample_rate,
            "frames": self.frames,
            "seconds": round(self.seconds, 4),
        }


def write_loops(
    order: Order,
    folder: Path,
    *,
    model: Path | None = None,
    has_picture: bool = False,
    overwrite: bool = False,
) -> Written:
    """Make the loops of an order and write them as ``0001.wav`` and on, and the picture ``loops.png``.

    Raises `SoundError` where a file is there already, unless ``overwrite``, or the folder cannot be written.
    """
    paths = [folder / f"{number:04}.wav" for number in range(1, order.count + 1)]
    picture = folder / "loops.png" if has_picture else None
    taken = [path for path in (*paths, *([picture] if picture else [])) if path.exists()]
    if taken and not overwrite:
        raise SoundError(
            f"out must have none of the files to write, got {taken[0]}; --force writes over them"
        )
    generator, began = LoopGenerator(model), time.perf_counter()
    seeds = range(order.seed, order.seed + order.count)
    loops = [
        evened(generator.loop(seed, order.wish, bars=order.bars, sample_rate=order.sample_rate))
        for seed in seeds
    ]
    seconds = time.perf_counter() - began
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, loop in zip(paths, loops, strict=True):
            write_beside(path, loop_wav(loop, order.sample_rate, order.wish.bpm, order.bars))
        if picture is not None:
            from tsumami.bridge.loops.picture import draw_loops

            write_beside(picture, draw_loops(loops, list(seeds), order.bars, order.sample_rate))
    except OSError as error:
        raise SoundError(
            f"out must be a folder that can be written, got {folder} ({error.strerror})"
        ) from None
    frames = loop_frames(order.wish.bpm, order.bars, order.sample_rate)
    return Written(order, paths, frames, seconds, picture)
