"""A macro decoder with a known answer: an orthogonal map between latent and parameters."""

import numpy as np
import numpy.typing as npt

from tsumami.engine.contract import Latent
from tsumami.engine.parameter import Parameter

_NAMES = ("bright", "aggressive", "moving")

PARAMETERS = (
    *(Parameter(f"p{index}", 0.0, 1.0, "", 0.5) for index in range(5)),
    Parameter("wave", 0, 2, "", 1, "discrete", ("saw", "square", "sine")),
)


class LinearFlow:
    """decode(z) = 0.5 + 0.1 Qz + 0.01 * first context entry; encode is its inverse."""

    def __init__(self) -> None:
        self.latents = tuple(
            Latent(name, f"not {name}", name, -3.0, 3.0) for name in (*_NAMES, "free 1", "free 2")
        )
        self._q = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0].astype(np.float32)
        self.broken = False
        self.decodes = 0

    def decode(
        self, latent: npt.NDArray[np.float32], context: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        self.decodes += 1
        if self.broken:
            return np.full(5, np.nan, np.float32)
        return (0.5 + 0.1 * self._q @ latent + 0.01 * context[0]).astype(np.float32)

    def encode(
        self, parameters: npt.NDArray[np.float32], context: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        return (self._q.T @ (parameters - 0.5 - 0.01 * context[0]) / 0.1).astype(np.float32)

    def context_of(self, choices: npt.ArrayLike) -> npt.NDArray[np.float32]:
        return np.eye(3, dtype=np.float32)[np.asarray(choices)[0]]
