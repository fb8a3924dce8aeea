"""`TimbreEncoder`: the vectors of a note as it sounds, step by step, through a model file.

The model of contract kind ``timbre`` maps ``x [1, BANDS, frames]``, the features (see ``features.py``) of one
step, to ``y [1, timbre + pitch]``, two vectors of length 1, one after the other; its states are the
convolutions' past and the running sums. ``normalisation`` of its contract says how long the first is.
"""

import hashlib
import importlib.resources
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import AGAIN
from tsumami.engine.inference.contract_file import load_bytes, name_of
from tsumami.engine.inference.inference import Inference
from tsumami.engine.inference.provider import Provider
from tsumami.engine.timbre.features import BANDS, HOP, N_FFT, SAMPLE_RATE, FrameReader, Samples

Vector = npt.NDArray[np.float32]

TIMBRE_SIZE: Final = "timbre_size"
"""Of a contract's ``normalisation``: numbers of the timbre vector."""

_HASH: Final = 16


@dataclass(frozen=True, slots=True)
class NoteVectors:
    """Of a note so far: ``timbre`` and ``pitch``, each of length 1."""

    timbre: Vector
    pitch: Vector


def shipped_timbre() -> Path:
    """The encoder that ships."""
    return Path(str(importlib.resources.files("tsumami.engine.models") / "timbre.onnx"))


class TimbreEncoder:
    """`prepare`, then `hear` a note in pieces of any size; `reset` before the next note.

    Mono float32 at `SAMPLE_RATE`. The result is the same whatever the pieces. Lives on one thread at a time,
    which is not the audio thread. `ModelError` where the file is no such model.
    """

    def __init__(self, model: str | Path | bytes | None = None, provider: Provider = "cpu") -> None:
        source = shipped_timbre() if model is None else model
        content = load_bytes(source)
        self.hash = hashlib.sha256(content).hexdigest()[:_HASH]
        """Of the model's file: vectors of another one are not to be compared."""
        self._inference = Inference(content, provider, kind="timbre")
        self._features, heard = self._inference.inputs["x"], self._inference.inputs["x"].shape
        made = self._inference.outputs["y"].shape
        self._size = int(self._inference.contract.normalisation.get(TIMBRE_SIZE, 0))
        if not (len(heard) == 3 and heard[1] == BANDS and len(made) == 2 and 0 < self._size < made[1]):
            raise ModelError(
                f"tensors of {name_of(source)} must be x [1, {BANDS}, frames] and y [1, timbre + pitch], "
                f"got {list(heard)} and {list(made)}; {AGAIN}"
            )
        if self._inference.contract.sample_rate != SAMPLE_RATE:
            raise ModelError(
                f"sample_rate of {name_of(source)} must be {SAMPLE_RATE}, "
                f"got {self._inference.contract.sample_rate}; {AGAIN}"
            )
        self._reader = FrameReader()
        self._waiting = np.zeros((0, BANDS), np.float32)
        self._latest: NoteVectors | None = None

    @property
    def frames_per_step(self) -> int:
        """Frames of features that go in together."""
        return int(self._features.shape[2])

    @property
    def shortest_samples(self) -> int:
        """Samples of the shortest note that has vectors."""
        return N_FFT + (self.frames_per_step - 1) * HOP

    @property
    def latest(self) -> NoteVectors | None:
        """Of the note so far; None before its first step."""
        return self._latest

    def prepare(self) -> None:
        """Warm up and begin a note."""
        self._inference.prepare()
        self.reset()

    def reset(self) -> None:
        """Begin another note."""
        self._inference.reset()
        self._reader.reset()
        self._waiting = self._waiting[:0]
        self._latest = None

    def hear(self, samples: Samples) -> NoteVectors | None:
        """Go on with a note; its vectors so far, None while it is shorter than `shortest_samples`."""
        frames = np.concatenate([self._waiting, self._reader.read(samples)])
        step = self.frames_per_step
        whole = len(frames) // step * step
        for first in range(0, whole, step):
            self._features[0] = frames[first : first + step].T
            self._inference.step()
            vectors = self._inference.outputs["y"][0].copy()
            self._latest = NoteVectors(vectors[: self._size], vectors[self._size :])
        self._waiting = frames[whole:]
        return self._latest

    def vectors_of(self, samples: Samples) -> NoteVectors | None:
        """Of a whole note; None where it is too short."""
        self.reset()
        return self.hear(samples)
