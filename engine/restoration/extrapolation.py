"""Samples predicted from those before them, one after the other.

Sums run along the output instead of along the coefficients, and four samples are taken at once: every step is
then a product of vectors, and what is summed is read and written a quarter as often.
"""

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import kernel

Samples = npt.NDArray[np.float64]


@kernel
def extrapolate(past: Samples, coefficients: Samples, output: Samples) -> None:
    """Fill ``output`` with what an autoregression makes of ``past``, which it continues. [audio thread]

    All are float64; ``coefficients`` are those of `tsumami.engine.restoration.burg.burg`.
    """
    order, frames = len(coefficients), len(output)
    for i in range(frames):
        output[i] = 0.0
    reach = min(order, len(past))
    whole = reach - reach % 4
    for back in range(0, whole, 4):
        newest = len(past) - 1 - back
        common = min(frames, order - back - 3)
        seen = past[newest], past[newest - 1], past[newest - 2], past[newest - 3]
        _add_four(output[:common], coefficients[back:], *seen)
        for j in range(3):
            for i in range(common, min(frames, order - back - j)):
                output[i] += coefficients[back + j + i] * seen[j]
    for back in range(whole, reach):
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
    for at in range(0, frames, 4):
        after = min(at + 4, frames)
        for j in range(at, after):
            for i in range(j + 1, min(after, j + 1 + order)):
                output[i] += coefficients[i - j - 1] * output[j]
        common = max(min(frames - after, order - 3), 0)
        if common > 0:
            newest = output[at + 3], output[at + 2], output[at + 1], output[at]
            _add_four(output[after : after + common], coefficients, *newest)
        for j in range(at, after):
            for i in range(after + common, min(frames, j + 1 + order)):
                output[i] += coefficients[i - j - 1] * output[j]


@kernel
def _add_four(output: Samples, coefficients: Samples, a: float, b: float, c: float, d: float) -> None:
    """What four samples, the newest first, add to those after them. [audio thread]"""
    size = len(output)
    # Views, as the compiler makes no vectors of indices that it thinks might be negative.
    by_a, by_b = coefficients[:size], coefficients[1 : size + 1]
    by_c, by_d = coefficients[2 : size + 2], coefficients[3 : size + 3]
    for i in range(size):
        output[i] += (by_a[i] * a + by_b[i] * b) + (by_c[i] * c + by_d[i] * d)
