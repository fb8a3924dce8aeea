"""The encoder and its decoder as files that ship, with one card for both."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from tsumami.engine.contract import Contract, Training
from tsumami.engine.errors import ModelError
from tsumami.engine.inference import Inference
from tsumami.engine.timbre.encoder import TIMBRE_SIZE, TimbreEncoder
from tsumami.engine.timbre.features import HOP, N_FFT, SAMPLE_RATE
from tsumami.training.macros.export_graph import array_of, half, write_model
from tsumami.training.timbre import decoder as spectrogram
from tsumami.training.timbre.decoder import RANGE_DB, Decoder
from tsumami.training.timbre.encoder import PITCH, TIMBRE
from tsumami.training.timbre.encoder_fit import TrainedEncoder
from tsumami.training.timbre.export import decoder_file, encoder_file
from tsumami.training.timbre.notes import Notes

TOLERANCE: Final = 1e-4
"""Of a number of a vector of length 1, or of a level of 0-1, between the files and torch."""
DECODER_SUFFIX: Final = "_decoder.onnx"

_PROBES: Final = 8
_DATA: Final = (
    "single notes C3-B5 of the Philharmonia's instruments, of a plugin's presets and of random patches of "
    "the built-in synthesizer"
)
_CARD: Final = """# {name}

Hears a note and says in {timbre} numbers what it sounds like, whatever its pitch, and in {pitch} what its
pitch is. It goes on step by step, 46 ms each, and hears nothing of what is to come. `{decoder}`
makes the spectrogram of a note from both vectors. `tsumami timbre` uses them.
Licence: GPL-3.0-or-later, like the programme that made it.

## Use

```python
from tsumami.engine.timbre.encoder import TimbreEncoder

encoder = TimbreEncoder("{file}")
encoder.prepare()
vectors = encoder.hear(samples)  # mono, float32, {sample_rate:,} Hz; again with what follows
```

## Made by

`{command}`: seed {seed}, epoch {best_epoch} of {epochs}, {loss} loss, {weights:,} weights and the decoder's
{decoder_weights:,}.
Data: {data}; hash `{data_hash}`.
The instruments violin, bassoon, flute and trumpet, and 600 presets, are kept for the test.

## Figures

{metrics}

What it does with instruments and presets that it has not met is in `docs/results/timbre.md`.

## Limits

- One note at a time, between C3 and B5. Chords, drums and noise get vectors too, and they mean little.
- A sound of an instrument unlike all that it has learned from lies near those that share its envelope and
  brightness, not its name.
- The decoder makes {seconds:.1f} s of a spectrogram of {bins} bins from {numbers} numbers: an outline of the
  sound, without its noise and its beating.
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


def save_models(encoder: TrainedEncoder, decoder: Decoder, judges: Notes, out: Path) -> Contract:
    """Write ``out``, the decoder beside it and the card; held against torch on ``judges`` first.

    Raises `ModelError` where the files say something else.
    """
    decoder = _halved(decoder)
    contract = contract_of(encoder)
    content = encoder_file(encoder.model, contract)
    made = decoder_file(decoder, _decoder_contract(contract))
    error = max(_encoder_error(encoder, content, judges), _decoder_error(decoder, made))
    if not error <= TOLERANCE:
        raise ModelError(f"exported models must agree with torch within {TOLERANCE:g}, got {error:g}")
    contract = replace(contract, metrics={**contract.metrics, "export error": error})
    write_model(encoder_file(encoder.model, contract), out)
    write_model(made, out.with_name(f"{out.stem}{DECODER_SUFFIX}"))
    out.with_suffix(".md").write_text(_card(encoder, decoder, contract, out), "utf-8")
    return contract


def _decoder_contract(contract: Contract) -> Contract:
    return replace(
        contract,
        name="timbre decoder",
        n_fft=spectrogram.N_FFT,
        hop=spectrogram.HOP,
        normalisation={TIMBRE_SIZE: TIMBRE, "range_db": RANGE_DB},
        metrics={},
    )


def _halved(decoder: Decoder) -> Decoder:
    """With weights that half precision holds exactly: half of the file, and levels as good."""
    for parameter in decoder.parameters():
        parameter.data = torch.from_numpy(half(array_of(parameter)))
    return decoder


def _encoder_error(encoder: TrainedEncoder, content: bytes, judges: Notes) -> float:
    heard = TimbreEncoder(content)
    heard.prepare()
    some = judges.first(_PROBES)
    wanted = np.concatenate([part[:, -1] for part in encoder.vectors(some)], axis=1)
    errors = []
    for sound, row in zip(some.sounds, wanted, strict=True):
        vectors = heard.vectors_of(sound.astype(np.float32))
        assert vectors is not None
        errors.append(np.abs(np.concatenate([vectors.timbre, vectors.pitch]) - row).max())
    return float(max(errors))


def _decoder_error(decoder: Decoder, content: bytes) -> float:
    inference = Inference(content, "cpu", "timbre")
    torch.manual_seed(0)
    vectors = torch.cat([nn.functional.normalize(torch.randn(1, size), dim=1) for size in (TIMBRE, PITCH)], 1)
    inference.inputs["x"][:] = vectors.numpy()
    inference.step()
    with torch.inference_mode():
        wanted = decoder(vectors[:, :TIMBRE], vectors[:, TIMBRE:], torch.arange(spectrogram.FRAMES)[None])
    return float(np.abs(inference.outputs["y"] - wanted.clamp(0.0, 1.0).numpy()).max())


def _card(encoder: TrainedEncoder, decoder: Decoder, contract: Contract, out: Path) -> str:
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
        numbers=TIMBRE + PITCH,
        file=out.name,
        decoder=f"{out.stem}{DECODER_SUFFIX}",
        sample_rate=SAMPLE_RATE,
        command=encoder.command,
        seed=encoder.seed,
        best_epoch=encoder.best_epoch,
        epochs=encoder.epochs,
        loss=encoder.loss,
        weights=_count(encoder.model),
        decoder_weights=_count(decoder),
        data=_DATA,
        data_hash=encoder.data_hash,
        metrics="\n".join(lines),
        seconds=spectrogram.FRAMES * spectrogram.HOP / SAMPLE_RATE,
        bins=spectrogram.BINS,
    )


def _count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
