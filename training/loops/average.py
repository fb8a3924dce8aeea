"""A generator of loops on its way, and the mean of its last weights, which is what is kept."""

import copy
from typing import Final

from torch import nn

from tsumami.training.loops.networks import Generator

_MEAN_STEPS: Final = 200


class Averaged(nn.Module):
    """``generator``, and ``mean`` of its weights over its last steps."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator
        self.mean = copy.deepcopy(generator).requires_grad_(False)

    def follow(self) -> None:
        """Take the generator's present weights into the mean."""
        now = self.generator.state_dict()
        for name, mean in self.mean.state_dict().items():
            if mean.is_floating_point():
                mean.lerp_(now[name], 1.0 / _MEAN_STEPS)
            else:
                mean.copy_(now[name])
