"""The windows of the paper's algorithms, and how they are laid over a whole tune.

Both algorithms take 3 frames before and 3 after what they predict. Algorithm 1 slides over 36 frames,
``data{t, ..., t + 35}``, and predicts the 30 in the middle, each from the 3 before and the 3 after it.
Algorithm 2 takes 12 frames and predicts the 6 in the middle; at a hop of 6, five of these fill the 36 and
predict the same 30. So every model maps ``n`` frames to predictions of the ``n - 6`` inner ones.
"""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from tsumami.training.restoration.spectra import Magnitudes

CONTEXT: Final = 3
"""Frames that a prediction begins with, on either side."""
EDGE: Final = 2 * CONTEXT
"""How many frames fewer are predicted than are given."""
GAP: Final = 6
"""Frames that Algorithm 2 predicts at once."""
WINDOW: Final = 36
"""Frames of Algorithm 1, both ends included."""

Predict = Callable[[Magnitudes], Magnitudes]
"""Windows ``[n, span, BINS]`` to the predictions of their inner frames, ``[n, span - EDGE, BINS]``."""

_AT_ONCE: Final = 64


def whole_span(span: int, frames: int) -> int:
    """The longest window of at most ``span`` and ``frames`` frames whose predictions are whole gaps."""
    return EDGE + (min(span, frames) - EDGE) // GAP * GAP


def windows_over(frames: int, span: int) -> Iterator[tuple[int, int]]:
    """Where windows of ``span`` begin, and how many of each one's predictions are known from the one before.

    They lie end to end, but for the last, which ends with the tune: every frame from the fourth to the fourth
    last is predicted, and counts once.
    """
    step, last = span - EDGE, frames - span
    starts = [*range(0, last, step), last]
    for before, start in zip([-step, *starts], starts, strict=False):
        yield start, before + step - start


def predict_tune(predict: Predict, spectrogram: Magnitudes, span: int) -> Magnitudes:
    """Predictions of every frame of ``[frames, BINS]`` but three at either end: ``[frames - 6, BINS]``.

    The frames that are given are clean, as in the paper's evaluation.
    """
    span = whole_span(span, len(spectrogram))
    places = list(windows_over(len(spectrogram), span))
    views = np.lib.stride_tricks.sliding_window_view(spectrogram, span, axis=0).swapaxes(1, 2)
    parts: list[Magnitudes] = []
    for first in range(0, len(places), _AT_ONCE):
        some = places[first : first + _AT_ONCE]
        predicted = predict(np.ascontiguousarray(views[[start for start, _ in some]]))
        parts += [rows[known:] for rows, (_, known) in zip(predicted, some, strict=True)]
    return np.concatenate(parts)


def inner(spectrogram: Magnitudes) -> Magnitudes:
    """The frames that are predicted."""
    return spectrogram[CONTEXT:-CONTEXT]
