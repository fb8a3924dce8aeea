"""One note's pitch with another's timbre, as a sound: vectors, a spectrogram of them, a phase for it."""

import importlib.util
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.contract_file import name_of
from tsumami.engine.errors import ModelError, ParameterError
from tsumami.engine.inference import Inference
from tsumami.engine.timbre.encoder import NoteVectors, shipped_timbre
from tsumami.engine.timbre.features import Samples

_ITERATIONS: Final = 64
_PEAK: Final = 0.7
"""Of the sound that is written."""
_RANGE_DB: Final = "range_db"


def check_phase() -> None:
    """Raise `ParameterError` where librosa, which finds the phase, is not installed."""
    if importlib.util.find_spec("librosa") is None:
        raise ParameterError("librosa must be installed to swap, got none; pip install 'tsumami[timbre]'")


class Decoder:
    """The model file that makes the spectrogram of a note from its vectors."""

    def __init__(self, model: Path | None = None) -> None:
        path = shipped_timbre("timbre_decoder.onnx") if model is None else model
        self._inference = Inference(path, "cpu", kind="timbre")
        contract = self._inference.contract
        self.sample_rate, self._hop, self._n_fft = contract.sample_rate, contract.hop, contract.n_fft
        if _RANGE_DB not in contract.normalisation or self._inference.outputs["y"].ndim != 3:
            raise ModelError(f"decoder must be the one of an encoder, got {name_of(path)}")
        self._range_db = contract.normalisation[_RANGE_DB]

    def magnitudes(self, vectors: NoteVectors) -> npt.NDArray[np.float32]:
        """The spectrogram of a note, of peak 1, float32 ``[bins, frames]``."""
        both = np.concatenate([vectors.timbre, vectors.pitch])
        given = self._inference.inputs["x"]
        if given.shape[1] != len(both):
            raise ModelError(f"decoder must take {len(both)} numbers, got one that takes {given.shape[1]}")
        given[0] = both
        self._inference.step()
        levels = self._inference.outputs["y"][0]
        loud = 10.0 ** (self._range_db * (levels - 1.0) / 20.0)
        return np.asarray(np.where(levels > 0.0, loud, 0.0).T, np.float32)

    def sound_of(self, vectors: NoteVectors) -> Samples:
        """The note, its phase found by Griffin and Lim's method; float32 ``[frames]`` at `sample_rate`."""
        import librosa

        sound = librosa.griffinlim(
            self.magnitudes(vectors),
            n_iter=_ITERATIONS,
            hop_length=self._hop,
            n_fft=self._n_fft,
            random_state=0,
        )
        return np.asarray(_PEAK * sound / max(float(np.abs(sound).max()), 1e-9), np.float32)


def swapped(pitch_of: NoteVectors, timbre_of: NoteVectors) -> NoteVectors:
    """The pitch of one with the timbre of another."""
    return NoteVectors(timbre_of.timbre, pitch_of.pitch)
