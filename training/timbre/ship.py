"""The encoder as a file that ships, with its card."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import Contract, Training
from tsumami.engine.timbre.encoder import TIMBRE_SIZE, TimbreEncoder
from tsumami.engine.timbre.features import HOP, N_FFT, SAMPLE_RATE, features_of
from tsumami.training.macros.export_graph import write_model
from tsumami.training.timbre.encoder import PITCH, TIMBRE
from tsumami.training.timbre.encoder_fit import TrainedEncoder, vectors_of
from tsumami.training.timbre.erasure import DIRECTIONS
from tsumami.training.timbre.export import encoder_file
from tsumami.training.timbre.notes import Notes
from tsumami.training.timbre.retrieval import TOP, found_again

TOLERANCE: Final = 1e-4
"""Of a number of a vector of length 1, between the file and torch."""

_PROBES: Final = 8
_DATA: Final = (
    "single notes C3-B5 of the Philharmonia's instruments, of a plugin's presets and of random patches of "
    "the built-in synthesizer"
)
_CARD: Final = """# {name}

Hears a note and says in {timbre} numbers what it sounds like, whatever its pitch, and in {pitch} what its
pitch is. It goes on step by step, 46 ms each, and hears nothing of what is to come.
`tsumami timbre` uses it.
Licence: GPL-3.0-or-later, like the programme that made it.

## Use

```python
from tsumami.engine.timbre.encoder import TimbreEncoder

encoder = TimbreEncoder("{file}")
encoder.prepare()
vectors = encoder.hear(samples)  # mono, float32, {sample_rate:,} Hz; again with what follows
```

## Made by

`{command}`: seed {seed}, epoch {best_epoch} of {epochs}, {loss} loss, {weights:,} weights.
Data: {data}; hash `{data_hash}`.
Out of the timbre vectors the {directions} directions are taken along which pitch moved the notes of a timbre.
The instruments violin, bassoon, flute and trumpet, and 600 presets, are kept for the test.

## Figures

{metrics}

What it does with instruments and presets that it has not met is in `docs/results/timbre.md`.

## Limits

- One note at a time, between C3 and B5. Chords, drums and noise get vectors too, and they mean little.
- A sound of an instrument unlike all that it has learned from lies near those that share its envelope and
  brightness, not its name.
- It is least sure of notes that are shorter than half a second.
"""


def contract_of(encoder: TrainedEncoder) -> Contract:
    """What the encoder's file says of itself."""
    return Contract(
        name="timbre encoder",
        kind="timbre",
        sample_rate=SAMPLE_RATE,
        n_fft=N_FFT,
        hop=HOP,
        window="hann",
        training=Training(_DATA, encoder.data_hash, encoder.command, encoder.seed),
        normalisation={TIMBRE_SIZE: TIMBRE},
        metrics={name: round(value, 4) for name, value in encoder.figures.items()},
    )


def save_encoder(encoder: TrainedEncoder, judges: Notes, out: Path) -> Contract:
    """Write ``out`` and the card beside it; held against torch on ``judges`` first.

    Raises `ModelError` where the file says something else.
    """
    contract = contract_of(encoder)
    error = _error(encoder, encoder_file(encoder.model, contract), judges)
    if not error <= TOLERANCE:
        raise ModelError(f"exported encoder must agree with torch within {TOLERANCE:g}, got {error:g}")
    missed = 1.0 - found_again(encoder.vectors(judges)[0][:, -1], judges.timbres, encoder.seed)[TOP[-1]]
    metrics = {**contract.metrics, "timbres missed": round(missed, 4), "export error": error}
    contract = replace(contract, metrics=metrics)
    write_model(encoder_file(encoder.model, contract), out)
    out.with_suffix(".md").write_text(_card(encoder, contract, out), "utf-8")
    return contract


def _error(encoder: TrainedEncoder, content: bytes, judges: Notes) -> float:
    heard = TimbreEncoder(content)
    heard.prepare()
    errors = []
    for sound in judges.first(_PROBES).sounds.astype(np.float32):
        vectors = heard.vectors_of(sound)
        assert vectors is not None
        wanted = vectors_of(encoder.model, torch.from_numpy(features_of(sound))[None])
        found = np.concatenate([vectors.timbre, vectors.pitch])
        errors.append(np.abs(found - np.concatenate([part[0, -1] for part in wanted])).max())
    return float(max(errors))


def _card(encoder: TrainedEncoder, contract: Contract, out: Path) -> str:
    shares = {
        "notes that did not find another of their preset or instrument among the nearest 5": "timbres missed",
        "notes that did not find another of their pitch among the nearest 5": "pitches missed",
    }
    lines = [f"- of the validation, {words}: {contract.metrics[name]:.1%}" for words, name in shares.items()]
    lines.append(f"- largest difference of a number from torch's: {contract.metrics['export error']:.2g}")
    return _CARD.format(
        name=contract.name,
        timbre=TIMBRE,
        pitch=PITCH,
        directions=DIRECTIONS,
        file=out.name,
        sample_rate=SAMPLE_RATE,
        command=encoder.command,
        seed=encoder.seed,
        best_epoch=encoder.best_epoch,
        epochs=encoder.epochs,
        loss=encoder.loss,
        weights=sum(parameter.numel() for parameter in encoder.model.parameters()),
        data=_DATA,
        data_hash=encoder.data_hash,
        metrics="\n".join(lines),
    )
