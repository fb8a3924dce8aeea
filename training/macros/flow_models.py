"""The paper's models with normalizing flows (sections 3.1, 4.2), and one whose flow is fast both ways."""

import math
from typing import Final

import torch
from torch import Tensor, nn

from tsumami.training.macros.autoencoders import VALUE_VARIANCE, AutoEncoder, Posterior, Vae, sound_error
from tsumami.training.macros.flows import Coupling, Flow, FlowRegression, Iaf
from tsumami.training.macros.synth_model import Batch, Shape

BLUR: Final = 0.02
"""Many presets have a parameter at exactly 0 or 1, where there is no density; all are blurred by so much."""

LIKELIHOOD: Final = 0.05
"""Weight of the exact likelihood of the parameters beside their squared error."""

_LOG_TWO_PI: Final = math.log(2.0 * math.pi)


def log_normal(value: Tensor, mean: Tensor | float = 0.0, log_variance: Tensor | float = 0.0) -> Tensor:
    """Log density of a normal distribution, for each element."""
    log_variance = torch.as_tensor(log_variance, dtype=value.dtype, device=value.device)
    return -0.5 * (_LOG_TWO_PI + log_variance + (value - mean) ** 2 / log_variance.exp())


class VaeFlow(Vae):
    """VAE_flow: the posterior is a normal distribution seen through an inverse autoregressive flow.

    With z_0 drawn from N(mean, variance) and z = f(z_0), equation (6) gives log q(z|x), and the divergence
    is its expectation over the draw: E[log q(z_0|x) - Σ log|det ∂f_t/∂z_(t-1)| - log p(z)].
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.bend: Flow = Iaf(shape.parameters, shape.steps, shape.hidden)

    def draw(self, mean: Tensor, log_variance: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """A draw through the flow and a one-sample estimate of its divergence from the prior."""
        first = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        latent, volume = self.transform(first)
        log_posterior = log_normal(first, mean, log_variance).sum(dim=1) - volume
        return latent, (log_posterior - self.log_prior(latent, batch)).mean()

    def transform(self, first: Tensor) -> tuple[Tensor, Tensor]:
        """From the normal variable to the latent, with the log-determinant ``[n]``."""
        latent, volume = self.bend(first)
        return latent, volume

    def log_prior(self, latent: Tensor, batch: Batch) -> Tensor:  # noqa: ARG002 (labels are for Flow_dis)
        """Log p(z) ``[n]``."""
        return log_normal(latent).sum(dim=1)

    def embed(self, x: Tensor) -> Tensor:
        """The image of the normal posterior's mean."""
        return self.transform(self.posterior(x)[0])[0]


class Invertible(AutoEncoder):
    """An autoencoder whose regression from the latent to the parameters can be undone."""

    def predict(self, x: Tensor) -> Tensor:
        """Positions 0-1 of the posterior's mean."""
        return self.values(self.embed(x))

    def values(self, latent: Tensor, context: Tensor | None = None) -> Tensor:
        """Positions 0-1 of latents."""
        positions: Tensor = self.map(latent, context)
        return positions.clamp(0.0, 1.0)

    def known(self, values: Tensor) -> tuple[Tensor, Tensor | None]:
        """What `latents` takes of the positions 0-1 of whole presets, and the context."""
        return values, None

    def latents(self, values: Tensor, context: Tensor | None = None) -> Tensor:
        """The latents of positions 0-1."""
        return self.map.inverse(values, context)[0]

    @property
    def map(self) -> FlowRegression:
        """From latents to positions and back."""
        assert isinstance(self.regression, FlowRegression)
        return self.regression


class FlowReg(Invertible, VaeFlow):
    """Flow_reg: VAE_flow whose regression p(v|z) is an inverse autoregressive flow.

    -log p(v|z) is the squared error of f(z) from v. As f is invertible, a preset has a latent too, and it is
    f⁻¹(v) exactly: `latents` and `values` undo each other.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.regression = FlowRegression(Iaf(shape.parameters, shape.steps, shape.hidden))


class FlowCoupling(Invertible, Vae):
    """Flow_coupling: the regression is a chain of couplings, fast from latents to parameters and back.

    Since the way back is cheap, the likelihood of (10) can be had exactly. When v = f(z) without an error,
    equation (5) turns the posterior of the latent into one of the parameters,

        log p(v|x) = log q(f⁻¹(v)|x) + log|det ∂f⁻¹/∂v|,

    so the encoder's variance says how sure a parameter is. This is added to the squared error of f(z).

    Every preset has a latent by itself, f⁻¹(v), and the decoder learns the sound of that one too: it becomes
    the synthesizer of equation (8) as a network, x = f_s(v). What the decoder makes of the encoder's latent
    is then what the predicted preset sounds like, and the first term of the loss is an error of sounds.

    All of this is given the context, if there is any.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        flow = Coupling(shape.parameters, shape.steps, shape.hidden, shape.context)
        self.regression = FlowRegression(flow)

    def sound_losses(
        self,
        latent: Tensor,
        posterior: Posterior,  # noqa: ARG002
        batch: Batch,
        progress: float,  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """``sound`` of the drawn latent; ``synth`` of the preset's own. Both are normalised as one batch."""
        latents = torch.cat([latent, self.latents(batch.values, batch.context)])
        if batch.context is not None:
            latents = torch.cat([latents, batch.context.repeat(2, 1)], dim=1)
        heard, played = self.decoder(latents).chunk(2)
        return {"sound": sound_error(heard, batch.x), "synth": sound_error(played, batch.x)}

    def value_loss(self, latent: Tensor, posterior: Posterior, batch: Batch) -> Tensor:
        """The squared error, and -log p(v|x) per parameter."""
        found = self.map(latent, batch.context)
        error = nn.functional.mse_loss(found, batch.values) / (2 * VALUE_VARIANCE)
        blurred = (batch.values + BLUR * torch.randn_like(batch.values)).clamp(0.0, 1.0)
        found, volume = self.map.inverse(blurred, batch.context)
        likelihood = log_normal(found, *posterior).sum(dim=1) + volume
        return error - LIKELIHOOD * likelihood.mean() / self.shape.parameters


class FlowDis(FlowReg):
    """Flow_dis: Flow_reg whose first latents are pairs of tags, by another flow (section 3.2).

    The generative model (11) is p(x|t, z) p(v|z, t) p(t|z) p(z), with q(z, t|x) = q(z|x) q(t|x). The text has
    lost the numbers and a sign of what follows. Where t is unknown it is a latent variable too (Kingma et al.
    2014), and minus the evidence lower bound is

        L_u = -E_q[log p(x|t, z) + log p(t) + log p(z)] + E_q[log q(t, z|x)].                            (12)

    For a pair, p(z_t|t) is N(-µ*, σ²) or N(+µ*, σ²), and p(t) even. The best q(t|x) is then the posterior of
    t given z_t; put in, it leaves -log Σ_t p(t) p(z_t|t): the unknown tag is summed out, and the prior of z_t
    is the mixture of both targets. Where t = t* is known, z_t = f(z_0) has its density by (6), and

        L_o = KL[q(z_t|x) ‖ p(z_t|t*)]
            = E[log q(z_0|x) - Σ log|det ∂f_i/∂z_(i-1)| - log p(z_t|t*)].                                (13)

    Both are E[log q(z) - log p(z|tags)] with a prior that knows what tags there are, which `log_prior` is;
    dimensions that no pair has are N(0, 1). The sound and the parameters are made of the latent so ordered,
    so that moving z_t is a macro.
    """

    MEAN: Final = 1.0
    """µ*"""
    SPREAD: Final = 0.7
    """σ"""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.order: Flow = Iaf(shape.parameters, max(shape.steps // 2, 1), shape.hidden)

    def transform(self, first: Tensor) -> tuple[Tensor, Tensor]:
        """Through the posterior's flow, then through the one that orders."""
        bent, volume = self.bend(first)
        latent, added = self.order(bent)
        return latent, volume + added

    def log_prior(self, latent: Tensor, batch: Batch) -> Tensor:
        """Log p(z|tags) ``[n]``: targets of known tags, mixtures of unknown ones, N(0, 1) of the rest."""
        pairs = min(self.shape.pairs, self.shape.parameters)
        labels = batch.labels[:, :pairs]
        named, free = latent[:, :pairs], latent[:, pairs:]
        log_variance = 2.0 * math.log(self.SPREAD)
        known = log_normal(named, self.MEAN * labels, log_variance)
        low, high = (log_normal(named, sign * self.MEAN, log_variance) for sign in (-1.0, 1.0))
        unknown = torch.logaddexp(low, high) - math.log(2.0)
        named_prior = torch.where(labels == 0, unknown, known).sum(dim=1)
        return named_prior + log_normal(free).sum(dim=1)
