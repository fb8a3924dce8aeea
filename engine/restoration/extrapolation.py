"""Samples predicted from those before them, one after the other."""

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import kernel

Samples = npt.NDArray[np.float64]


@kernel
def extrapolate(past: Samples, coefficients: Samples, output: Samples) -> None:
    """Fill ``output`` with what an autoregression makes of ``past``, which it continues. [audio thread]

    All are float64; ``coefficients`` are those of `tsumami.engine.restoration.burg.burg`. Sums run along
    the output instead of along the coefficients: every step is then a product of vectors.
    """
    order, frames = len(coefficients), len(output)
    for i in range(frames):
        output[i] = 0.0
    for back in range(min(order, len(past))):
        sample = past[len(past) - 1 - back]
        for i in range(min(frames, order - back)):
            output[i] += coefficients[back + i] * sample
    respond(output, coefficients)


@kernel
def respond(output: Samples, coefficients: Samples) -> None:
    """Let an autoregression answer, in place: x(t) = output(t) + Σ c_i x(t - 1 - i), c the coefficients.

    Before ``output`` it was silent. [audio thread]
    """
    order, frames = len(coefficients), len(output)
    for at in range(frames):
        sample = output[at]
        for i in range(at + 1, min(frames, at + 1 + order)):
            output[i] += coefficients[i - at - 1] * sample
