"""The divergence of a performance from its reference as it is played, through a trained encoder.

The model of contract kind ``groove`` maps ``x [2, block]``, the performance and the reference at 44.1 kHz, to
``y [2, block, 6 K]``, their latents as `tsumami.engine.groove.divergence` has them; its states go on from
block to block.
"""

import importlib.resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError
from tsumami.engine.groove.divergence import SIZE, divergence
from tsumami.engine.inference.contract import AGAIN
from tsumami.engine.inference.inference import Inference
from tsumami.engine.inference.provider import Provider

Audio = npt.NDArray[np.float32]


def shipped_encoder() -> Path:
    """The encoder that ships."""
    return Path(str(importlib.resources.files("tsumami.engine.models") / "groove.onnx"))


class DivergenceMeter:
    """Divergence in nats, sample by sample: `prepare`, `process` block by block, `finish`, `reset`.

    Both sounds are mono float32 at `sample_rate` and at the level of
    `tsumami.engine.groove.divergence.at_level`, the reference's beginning being the performance's. Blocks may
    be of any size: samples wait until the model's `block_size` is full, and the result is the same. Lives on
    one thread at a time, which is not the audio thread. `ModelError` where the file is no such model.
    """

    def __init__(self, model: str | Path | bytes | None = None, provider: Provider = "cpu") -> None:
        self._inference = Inference(shipped_encoder() if model is None else model, provider, kind="groove")
        self._sounds = self._inference.inputs["x"]
        heard, encoded = self._sounds.shape, self._inference.outputs["y"].shape
        if not (len(heard) == 2 and heard[0] == 2 and encoded[:-1] == heard and encoded[-1] % SIZE == 0):
            raise ModelError(
                f"tensors of a groove model must be x [2, block] and y [2, block, {SIZE} K], got {heard} and "
                f"{encoded}; {AGAIN}"
            )
        self._waiting = 0

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return self._inference.contract.sample_rate

    @property
    def block_size(self) -> int:
        """Samples of a step of the model."""
        return int(self._sounds.shape[1])

    def prepare(self) -> None:
        """Warm up and begin anew."""
        self._inference.prepare()
        self._waiting = 0

    def reset(self) -> None:
        """Begin anew, from silence."""
        self._inference.reset()
        self._waiting = 0

    def process(self, performed: Audio, reference: Audio) -> Audio:
        """The divergence of the samples that these ``[frames]`` complete, float32 ``[n]``, in order."""
        parts, at = [np.zeros(0, np.float32)], 0
        while at < len(performed):
            count = min(len(performed) - at, self.block_size - self._waiting)
            place = slice(self._waiting, self._waiting + count)
            self._sounds[0, place] = performed[at : at + count]
            self._sounds[1, place] = reference[at : at + count]
            self._waiting, at = self._waiting + count, at + count
            if self._waiting == self.block_size:
                parts.append(self._step())
        return np.concatenate(parts)

    def finish(self) -> Audio:
        """That of the samples that still wait; then begin anew."""
        count = self._waiting
        self._sounds[:, count:] = 0.0
        rest = self._step()[:count] if count else np.zeros(0, np.float32)
        self.reset()
        return rest

    def _step(self) -> Audio:
        self._inference.step()
        self._waiting = 0
        performed, reference = self._inference.outputs["y"]
        return divergence(performed, reference)


def divergence_curve(performed: Audio, reference: Audio, model: str | Path | bytes | None = None) -> Audio:
    """The divergence of two whole sounds ``[frames]``, as `DivergenceMeter` measures it."""
    meter = DivergenceMeter(model)
    meter.prepare()
    return np.concatenate([meter.process(performed, reference), meter.finish()])
