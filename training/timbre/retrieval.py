"""Whether a preset is found again by another note of it, and by what else than the encoder it would be."""

from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.fft

from tsumami.plugins.match.mel import log_mel
from tsumami.training.timbre.notes import Notes

TOP: Final = (1, 5)
_MFCCS: Final = 20

Vectors = npt.NDArray[np.float32]


def mfcc_means(notes: Notes) -> Vectors:
    """Means over time of 20 mel-frequency cepstral coefficients less the first, loudness; ``[n, 19]``."""
    mels = np.stack([log_mel(sound.astype(np.float32)) for sound in notes.sounds])
    frames = -(-notes.sounds.shape[1] // 1024)
    cepstra = np.asarray(scipy.fft.dct(mels[:, :, :frames], axis=1, norm="ortho"), np.float32)
    means = cepstra[:, 1:_MFCCS].mean(axis=2)
    return np.asarray((means - means.mean(axis=0)) / means.std(axis=0).clip(1e-9), np.float32)


def found_again(
    vectors: Vectors, timbres: npt.NDArray[np.int64], seed: int, kept: int = 1
) -> dict[int, float]:
    """How often the right timbre is among the nearest 1 and 5, for vectors ``[n, size]``.

    ``kept`` notes of every timbre, drawn by ``seed``, are indexed by their mean; all others ask.
    """
    rng = np.random.default_rng(seed)
    names = np.unique(timbres)
    index, queries, answers = [], [], []
    for place, name in enumerate(names):
        rows = rng.permutation(np.flatnonzero(timbres == name))
        index.append(vectors[rows[:kept]].mean(axis=0))
        queries += list(vectors[rows[kept:]])
        answers += [place] * len(rows[kept:])
    places = ranks(np.stack(index), np.stack(queries), np.array(answers))
    return {top: float((places < top).mean()) for top in TOP}


def ranks(index: Vectors, queries: Vectors, answers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many others of the index are as near to each query as its answer, or nearer."""
    squares = (index**2).sum(axis=1) - 2.0 * queries @ index.T
    right = squares[np.arange(len(answers)), answers]
    return np.asarray((squares <= right[:, None]).sum(axis=1) - 1)
