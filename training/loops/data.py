"""The loops of a training, ready to be learned from: those, some for the validation, and their basis."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor

from tsumami.engine.errors import SoundError
from tsumami.engine.loops.wishes import KINDS
from tsumami.training.loops.basis import ALL_SHAPES, Basis, find_basis
from tsumami.training.loops.examples import BrightnessScale, Examples, brightness_scale, examples_of
from tsumami.training.loops.loop_set import Sequenced, hash_of, sequence
from tsumami.training.loops.networks import SOUNDS
from tsumami.training.loops.schedule import Schedule
from tsumami.training.progress import counting


@dataclass(frozen=True, slots=True)
class LoopData:
    """``loops`` are what is learned from; ``hash`` is of them and of what is kept."""

    loops: list[Sequenced]
    basis: Basis
    brightness: BrightnessScale
    learned: Examples
    kept: Examples
    hash: str


def loop_data(folder: Path, schedule: Schedule, seed: int) -> LoopData:
    """Sequence the loops of a schedule from a folder of data; raises `SoundError`."""
    with counting("sequencing loops") as show:
        found = sequence(folder, "train", schedule.each + schedule.kept, seed, show)
    kept, loops = [], []
    for kind in KINDS:
        of_kind = [loop for loop in found if loop.pattern.kind == kind]
        last = min(schedule.kept, len(of_kind) // 4)
        if not last:
            raise SoundError(f"data must have four bars of {kind} at least, got {len(of_kind)} in {folder}")
        kept += of_kind[:last]
        loops += of_kind[last:]
    basis, brightness = find_basis(loops, seed), brightness_scale(loops)
    learned, judged = (examples_of(some, basis, brightness) for some in (loops, kept))
    return LoopData(loops, basis, brightness, learned, judged, hash_of(found))


def first_sounds(examples: Examples, seed: int) -> Tensor:
    """What a generator begins to mix with: the middles of clusters of steps, and a rest before each kind."""
    parts = []
    for number, kind in enumerate(KINDS):
        weights = examples.weights[examples.wishes[:, number] == 1.0].transpose(0, 2, 1)
        steps = weights.reshape(-1, ALL_SHAPES + 1)
        steps = steps[steps[:, -1] > 0.0][:, :ALL_SHAPES]
        count = min(SOUNDS[kind] - 1, len(np.unique(steps.round(3), axis=0)))
        found = KMeans(count, random_state=seed).fit(steps).cluster_centers_
        parts.append(np.zeros((SOUNDS[kind], ALL_SHAPES)))
        parts[-1][1 : count + 1] = found
    return torch.from_numpy(np.concatenate(parts).astype(np.float32))
