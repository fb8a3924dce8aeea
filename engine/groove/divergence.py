"""How far a performance's latent lies from its reference's, sample by sample (equation 5).

An encoder says for each sample what it takes it for: a Gaussian in the plane, or a mixture of them. A
component is six numbers: the logarithm of its weight, up to a constant, its mean (2), and the lower triangle
L of Σ = L Lᵀ: the logarithms of the diagonal (2) and what is under it (1).
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]

SIZE: Final = 6
"""Numbers of a component."""
LARGEST_LOG: Final = 12.0
"""Logarithms of the diagonal of L are held within this, on either side of 0."""
LEVEL: Final = 0.1
"""Root mean square of a sound as encoders hear it; what is then above 1 is clipped, as on a loud record."""

HIT_SECONDS: Final = 0.03
"""How long a hit's divergence is taken over."""


def at_level(audio: Values) -> Values:
    """A mono sound float32 ``[frames]`` as encoders hear it; silence stays."""
    power = float(np.square(audio, dtype=np.float64).mean()) if len(audio) else 0.0
    gain = LEVEL / math.sqrt(power) if power else 1.0
    return np.asarray(np.clip(audio * np.float32(gain), -1.0, 1.0))


def divergence(performed: Values, reference: Values) -> Values:
    """D(performed ‖ reference) in nats of encodings ``[..., 6 K]``, ``[...]``.

    Of one component each this is the Kullback-Leibler divergence of two Gaussians. That of mixtures has no
    closed form: it is approximated by Hershey and Olsen's variational one ("Approximating the Kullback
    Leibler divergence between Gaussian mixture models", 2007, equation 18), which is the same for one.
    """
    ours, theirs = _components(performed), _components(reference)
    own_weights, their_weights = _log_weights(ours), _log_weights(theirs)
    among = _log_sum(own_weights - _between(ours, ours))
    across = _log_sum(their_weights - _between(ours, theirs))
    return np.asarray((np.exp(own_weights) * (among - across)).sum(axis=0))


def _components(encoding: Values) -> Values:
    """The six numbers of every component, ``[6, K, ...]``: samples last, as they are many."""
    parts = encoding.reshape(*encoding.shape[:-1], -1, SIZE)
    numbers = np.array(np.moveaxis(parts, (-1, -2), (0, 1)), np.float32, order="C")
    np.clip(numbers[3:5], -LARGEST_LOG, LARGEST_LOG, out=numbers[3:5])
    return numbers


def _log_weights(components: Values) -> Values:
    return np.asarray(components[0] - _log_sum(components[0][None]), np.float32)


def _log_sum(logs: Values) -> Values:
    """Over the second axis."""
    largest = logs.max(axis=1)
    return np.asarray(np.log(np.exp(logs - largest[:, None]).sum(axis=1)) + largest)


def _between(ours: Values, theirs: Values) -> Values:
    """The divergence of each of our components from each of theirs, ``[K, K, ...]``."""
    _, x1, y1, log_a1, log_b1, c1 = ours[:, :, None]
    _, x2, y2, log_a2, log_b2, c2 = theirs[:, None, :]
    # M = L₂⁻¹ L₁ is triangular; trace(Σ₂⁻¹ Σ₁) is the sum of its squares.
    m11, m22 = np.exp(log_a1 - log_a2), np.exp(log_b1 - log_b2)
    scale_a, scale_b = np.exp(-log_a2), np.exp(-log_b2)
    m21 = (c1 - c2 * m11) * scale_b
    first = (x2 - x1) * scale_a
    second = (y2 - y1 - c2 * first) * scale_b
    log_ratio = 2.0 * (log_a2 + log_b2 - log_a1 - log_b1)
    return np.asarray(0.5 * (log_ratio + m11**2 + m22**2 + m21**2 + first**2 + second**2 - 2.0), np.float32)


def at_hits(curve: Values, seconds: npt.NDArray[np.float64], sample_rate: float) -> Values:
    """The mean of a curve ``[frames]`` over the `HIT_SECONDS` from each of the times on, ``[hits]``."""
    running = np.concatenate([[0.0], np.cumsum(curve, dtype=np.float64)])
    begins = np.clip(np.rint(seconds * sample_rate).astype(np.int64), 0, len(curve))
    ends = np.minimum(begins + round(HIT_SECONDS * sample_rate), len(curve))
    return np.asarray((running[ends] - running[begins]) / np.maximum(ends - begins, 1), np.float32)
