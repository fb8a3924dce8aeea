"""Flow_synth: a flow that listens to its answer through a synthesizer it has learned, and corrects it."""

from typing import Final

import torch
from torch import Tensor, nn

from tsumami.training.macros.autoencoders import VALUE_VARIANCE, Posterior
from tsumami.training.macros.flow_models import FlowCoupling
from tsumami.training.macros.layers import Convolutions, perceptron
from tsumami.training.macros.synth_model import Batch, Shape
from tsumami.training.macros.synthesizer import Synthesizer

HEARD: Final = 0.5
"""Weight of what is heard of an answer beside the error of its positions."""
LISTENS_FROM: Final = 0.5
"""Share of the training after which answers are heard at all."""
DROPPED: Final = 0.2
WEIGHT_DECAY: Final = 1e-2
"""Share of the encoder's features left out in training, and AdamW's decay of all weights."""
STEPS: Final = 60
RATE: Final = 0.1
"""Steps of Adam by which an answer is corrected, and their size in the latent."""


class FlowSynth(FlowCoupling):
    """Flow_coupling with a `Synthesizer` in the place of its decoder, and convolutions of full width.

    The synthesizer is learned first, from the presets' own positions, and is then left as it is. The encoder
    learns from what it makes of the encoder's answers. An answer is then the latent z near the posterior's
    mean z_0 that minimises

        heard_error(f_s(f(z)), x) + |f(z) - f(z_0)|² / (parameters · variance of p(v|z)),

    found by gradient descent: parameters that can be heard are turned until it sounds right, others stay as
    the encoder has them.
    """

    weight_decay = WEIGHT_DECAY

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        features = Convolutions(shape.channels)
        codes = perceptron(features.outputs, shape.units, 2, 2 * shape.parameters)
        self.encoder = nn.Sequential(features, nn.Dropout(DROPPED), codes)
        self.decoder = Synthesizer(shape).requires_grad_(requires_grad=False)

    @property
    def synthesizer(self) -> Synthesizer:
        """From positions to sounds."""
        assert isinstance(self.decoder, Synthesizer)
        return self.decoder

    def sound_losses(
        self,
        latent: Tensor,  # noqa: ARG002
        posterior: Posterior,
        batch: Batch,
        progress: float,
    ) -> dict[str, Tensor]:
        """``heard``: how far the answers are from the sounds, once they are heard."""
        if progress < LISTENS_FROM:
            return {}
        answered = self.synthesizer(self.values(posterior[0]))
        return {"heard": HEARD * self.synthesizer.heard_error(answered, batch.x).mean()}

    def estimate(self, x: Tensor) -> Tensor:
        """See `SynthNetwork.estimate`."""
        return super().predict(x)

    def validate(self, batch: Batch) -> dict[str, float]:
        """``error``, by what is heard of the estimates and by their positions, and the MSEn."""
        found = self.estimates(batch.x)
        heard = self.synthesizer.heard_error(self.synthesizer(found), batch.x).mean()
        figures = self.figures(found, batch.values)
        return {"error": figures["MSEn"] + HEARD * float(heard), **figures}

    def predict(self, x: Tensor) -> Tensor:
        """Positions 0-1, corrected."""
        with torch.inference_mode(mode=False), torch.enable_grad():
            return self._corrected(x.clone())

    def _corrected(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            begin = self.embed(x)
            answer = self.values(begin)
        latent = begin.clone().requires_grad_()
        optimiser = torch.optim.Adam([latent], lr=RATE)
        for _ in range(STEPS):
            values = self.values(latent)
            heard = self.synthesizer.heard_error(self.synthesizer(values), x)
            moved = (values - answer).square().mean(dim=1) / VALUE_VARIANCE
            (latent.grad,) = torch.autograd.grad((heard + moved).sum(), latent)
            optimiser.step()
        return self.values(latent).detach()
