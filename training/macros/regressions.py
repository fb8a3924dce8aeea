"""The paper's three baselines (section 4.2): networks from a mel straight to the parameters.

Each minimises the squared error of the parameters alone, so it may be near in parameters and far in sound.
"""

from torch import Tensor, nn

from tsumami.plugins.match.mel import BANDS, FRAMES
from tsumami.training.macros.layers import Convolutions, Regression
from tsumami.training.macros.synth_model import Batch, Shape, SynthNetwork


class RegressionModel(SynthNetwork):
    """A network of features and a perceptron on top of them."""

    def __init__(self, shape: Shape, features: nn.Module, head: Regression) -> None:
        super().__init__(shape)
        self.features, self.head = features, head

    def loss(self, batch: Batch, progress: float) -> dict[str, Tensor]:  # noqa: ARG002 (nothing warms up)
        """``total``: the mean squared error."""
        return {"total": nn.functional.mse_loss(self.head(self.features(batch.x)), batch.values)}

    def predict(self, x: Tensor) -> Tensor:
        """Positions 0-1."""
        predicted: Tensor = self.head(self.features(x))
        return predicted


class Mlp(RegressionModel):
    """Five layers of 2048 units with ELU."""

    def __init__(self, shape: Shape) -> None:
        head = Regression(BANDS * FRAMES, shape.units, 5, shape.parameters)
        super().__init__(shape, nn.Flatten(), head)


class Cnn(RegressionModel):
    """Five convolutions of 128 channels, kernel 7, stride 2, batch norm; then a perceptron of 3 layers."""

    residual = False

    def __init__(self, shape: Shape) -> None:
        features = Convolutions(shape.channels, residual=self.residual)
        super().__init__(shape, features, Regression(features.outputs, shape.units, 2, shape.parameters))


class ResCnn(Cnn):
    """The same as a residual network."""

    residual = True
