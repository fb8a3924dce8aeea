"""The model card of an encoder: what it is, what it was made of, what it can and cannot do."""

from typing import Final

from tsumami.engine.inference.contract import Contract
from tsumami.training.groove.beats import BPM
from tsumami.training.groove.run import Run
from tsumami.training.groove.variants import VARIANTS

_CARD: Final = """# {name}

Says of every sample of a drum performance what it takes it for: {latent}.
How far that is from what it says of the reference is the performance's divergence. It is the encoder of an
LSTM variational autoencoder on raw sound: 1 number in, an LSTM of 10 units, {numbers} numbers out.
Licence: GPL-3.0-or-later, like the programme that made it.

## Use

```python
from tsumami.engine.groove.divergence import at_level
from tsumami.engine.groove.encoder import DivergenceMeter

meter = DivergenceMeter("{file}")
meter.prepare()
nats = meter.process(at_level(performed), at_level(reference))
```

with both sounds mono, float32, {sample_rate:,} Hz, and beginning together.

## Made by

`{command}`: seed {seed}, epoch {best_epoch} of {epochs}.
Data: {data};
`{piece}` at {bpm:g} bpm, 32 beats learned from and 8 tested; hash `{data_hash}`.
Input while it learned: {noise}.

## Figures

- ELBO of the beats learned from: {elbo:.3f} nats a sample
- mean divergence, file against torch with the same weights: {export_error:.2g} of it off

What it restores, and what its divergence shows of deviations and ghost notes, is in `docs/results/groove.md`.

## Limits

- It has heard one drum kit. Another kit, room or microphone diverges by itself; compare with a reference that
  has the same sound.
- The divergence of two raw sounds is large as soon as they are a millisecond apart. Its mean says little
  about how far they are; its level in dB does (see the page).
"""

_LATENT: Final = {1: "a Gaussian in the plane", 2: "a mixture of two Gaussians in the plane"}
_NOISE: Final = {
    "none": "as it is",
    "weak": "with normal deviates of 0.2",
    "conditional": "with normal deviates of 0.2 where the sound is softer than 0.5",
    "anti_phase": "less 0.3 of what an autoregression predicts",
}


def card_of(contract: Contract, run: Run, file: str) -> str:
    """Markdown."""
    variant = VARIANTS[run.name]
    return _CARD.format(
        name=contract.name,
        latent=_LATENT[variant.components],
        numbers=6 * variant.components,
        file=file,
        sample_rate=contract.sample_rate,
        command=run.command,
        seed=run.seed,
        best_epoch=run.best_epoch,
        epochs=run.epochs,
        data=contract.training.data,
        piece=run.piece,
        bpm=BPM,
        data_hash=run.data_hash,
        noise=_NOISE[variant.noise],
        elbo=contract.metrics["elbo"],
        export_error=contract.metrics["export_error"],
    )
