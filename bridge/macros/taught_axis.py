"""The axis of a macro, fitted anew to what a performer says of pairs of sounds.

"A is more of it than B" is a comparison of the model of Bradley and Terry (Biometrika 39, 1952): its
probability is the logistic function of w · (A - B), for sounds that are points of the latent and an axis w
that is looked for. Before any pair w is thought to lie around the macro's own axis, in a normal
distribution: the axis that a few pairs turn it to is the most probable one (maximum a posteriori). Its
logarithm is concave, so there is exactly one, whatever the pairs contradict.

Latents are counted in halves of their useful range, so that those of another scale weigh as much.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.inference.contract import Contract, Latent
from tsumami.engine.macros.axes import own_directions

Flags = npt.NDArray[np.bool_]
Vector = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float64]

SHARPNESS: Final = 4.0
"""Two sounds that lie half a range apart are told apart in 98 of 100 cases: 1 / (1 + exp(-4))."""

NAMED_VARIANCE: Final = 1.0
"""How far an axis may lean towards another macro: what a performer means is often a mixture of them."""

FREE_VARIANCE: Final = 0.1
"""How far it may lean towards a latent without a name."""

DECIMALS: Final = 6
"""Numbers are rounded to these when they are kept."""

_MOST_STEPS: Final = 100
_NEAR: Final = 1e-10
_SHORTEST: Final = 1e-6


class TaughtAxes:
    """The macros of a model as axes that can be fitted anew.

    A latent that has the name of a parameter is that parameter, which no macro moves; it has no part in any
    axis. ``names`` are the macros, ``size`` the number of latents L.
    """

    def __init__(self, contract: Contract) -> None:
        parameters = {parameter.name for parameter in contract.parameters}
        named = [bool(latent.low and latent.high) for latent in contract.latents]
        count = next((row for row, is_named in enumerate(named) if not is_named), len(named))
        self.names: tuple[str, ...] = tuple(latent.name for latent in contract.latents[:count])
        self.size = len(contract.latents)
        self._half = _half_ranges(contract.latents)
        self._own = own_directions(contract.latents[:count], self.size)
        self._is_free = np.array([latent.name not in parameters for latent in contract.latents], bool)
        self._certainty = _certainty((self._own / self._half)[:, self._is_free])

    def tells_apart(self, difference: npt.ArrayLike) -> bool:
        """Whether two sounds whose latents differ by so much differ in anything that an axis can be of."""
        return bool(np.asarray(difference).round(DECIMALS)[self._is_free].any())

    def fit(self, macro: str, differences: npt.ArrayLike) -> Vector:
        """The direction ``[L]`` for a macro of pairs, given as differences of latents ``[n, L]``, n > 0.

        A knob that moves along it goes as far as along the macro's own axis, counted in half ranges.
        """
        own, free = self.own(macro) / self._half, self._is_free
        reach = float(np.linalg.norm(own))
        fitted = np.zeros(self.size)
        fitted[free] = _most_probable(own[free] / reach, self._scaled(differences)[:, free], self._certainty)
        length = float(np.linalg.norm(fitted))
        axis = fitted * reach / length if length > _SHORTEST else own
        direction: Vector = axis * self._half
        return direction.round(DECIMALS)

    def agreeing(self, direction: npt.ArrayLike, differences: npt.ArrayLike) -> Flags:
        """Which pairs ``[n]`` an axis, given as its direction ``[L]``, puts the right way round."""
        return np.asarray(self._scaled(differences) @ self._scaled(direction)[0] > 0.0)

    def own(self, macro: str) -> Vector:
        """The model's own direction of a macro."""
        own: Vector = self._own[self.names.index(macro)]
        return own.copy()

    def angle_degrees(self, macro: str, direction: npt.ArrayLike) -> float:
        """Between an axis and the model's own."""
        axis, own = self._scaled(direction)[0], self._scaled(self.own(macro))[0]
        cosine = axis @ own / (np.linalg.norm(axis) * np.linalg.norm(own))
        return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))

    def _scaled(self, rows: npt.ArrayLike) -> Rows:
        """Latents in half ranges, ``[n, L]``."""
        latents: Rows = np.asarray(rows, np.float64).reshape(-1, self.size)
        return latents / self._half


def _half_ranges(latents: Sequence[Latent]) -> Vector:
    """Half the useful range of each dimension.

    The range of a macro that has a direction is of places along that; its dimension counts as the others do.
    """
    half = np.array([(latent.maximum - latent.minimum) / 2 for latent in latents])
    is_plain = np.array([not latent.direction for latent in latents])
    typical = float(np.median(half[is_plain])) if is_plain.any() else 1.0
    return np.where(is_plain, half, typical)


def _certainty(axes: Rows) -> Rows:
    """How surely an axis is thought to be the macro's own: the inverse of its covariance.

    `NAMED_VARIANCE` in the space that the macros' axes ``[macros, latents]`` span, `FREE_VARIANCE` out of it.
    """
    named = np.linalg.pinv(axes) @ axes
    return np.asarray(
        np.eye(axes.shape[1]) / FREE_VARIANCE + named * (1 / NAMED_VARIANCE - 1 / FREE_VARIANCE)
    )


def _most_probable(prior: Vector, differences: Rows, certainty: Rows) -> Vector:
    """The w of least Σ log(1 + exp(-s w·d)) + (w - prior)ᵀ certainty (w - prior) / 2, by Newton's method."""

    def loss(axis: Vector) -> float:
        doubts = np.logaddexp(0.0, -SHARPNESS * differences @ axis).sum()
        return float(doubts + (axis - prior) @ certainty @ (axis - prior) / 2)

    axis = prior.copy()
    for _ in range(_MOST_STEPS):
        doubt = np.exp(-np.logaddexp(0.0, SHARPNESS * differences @ axis))
        slope = SHARPNESS * doubt @ differences - certainty @ (axis - prior)
        weights = SHARPNESS**2 * doubt * (1.0 - doubt)
        curvature = differences.T @ (weights[:, None] * differences) + certainty
        step = np.linalg.solve(curvature, slope)
        while loss(axis + step) > loss(axis) and np.abs(step).max() > _NEAR:
            step /= 2
        axis = axis + step
        if np.abs(step).max() <= _NEAR:
            break
    return axis
