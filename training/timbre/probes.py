"""What can be read out of vectors along straight lines: probes that learn some notes and tell others."""

from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

_LEARNED: Final = 0.75
_STEPS: Final = 2_000

Labels = npt.NDArray[np.int64]


def linear_probe(vectors: npt.NDArray[np.float32], labels: Labels, seed: int) -> float:
    """The share of a quarter of the notes ``[n, size]`` whose label the other three quarters tell."""
    order = np.random.default_rng(seed).permutation(len(labels))
    learned, asked = np.split(order, [round(_LEARNED * len(order))])
    probe = classifier(vectors[learned], labels[learned])
    return told_right(probe, vectors[asked], labels[asked])


def classifier(vectors: npt.NDArray[np.float32], labels: Labels, strength: float = 1.0) -> Pipeline:
    """A logistic regression on standardised vectors."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=_STEPS))
    return model.fit(vectors, labels)


def told_right(model: Pipeline, vectors: npt.NDArray[np.float32], labels: Labels) -> float:
    """The share of labels that a classifier tells."""
    return float(np.mean(np.asarray(model.predict(vectors)) == labels))


def chance(labels: Labels) -> float:
    """The share of the most frequent label."""
    return float(np.bincount(labels).max() / len(labels))
