"""The model card: what a shipped model is, what it was made of, what it can and cannot do."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tsumami.engine.inference.contract import Contract
from tsumami.training.macros.knobs import MONOTONE, STEADY_DB, TOLERANCE, Verdict, table

_TEXT = """# {name}

Eight knobs for the built-in synthesizer: a normalizing flow between its {continuous} continuous parameters
and a latent whose first dimensions are {macros}.
It is invertible, so every preset has a latent, and its knobs move from there.
Licence: GPL-3.0-or-later, like the programme that made it.

## Made by

`{command}`: seed {seed}; {minutes:.0f} minutes on the
CPU, not counting renders and stages that an earlier, stopped run had finished.
Data: {data}; SHA-256 of parameters and descriptors
`{data_hash}`. No audio of others was used.
Sizes: {sizes}.

## What the knobs do

Held-out patches, every knob swept over 9 positions through the engine's `MacroProcessor` and rendered by
the real synthesizer.

- *monotone*: share of patches with a rank correlation of at least {monotone:g} between position and the
  macro's descriptor;
- *rising*: share whose every step rises, {tolerance:.0%} of the range forgiven;
- *effect*: mean change from end to end, in standard deviations of the training set;
- then the largest change of each descriptor along the way, averaged (standard deviations; loudness: dB);
- last, the share of patches whose loudness stays within ±{steady:g} dB.

{verdicts}

## Training figures

{metrics}

## Limits

- The words are descriptors of one note (C4, held 3.5 of 4 s, velocity 0.8), not people's judgements: only
  the tags of some fifty patches of the bank come from a person. The formulas are in
  `tsumami.training.macros.descriptors`.
- Discrete parameters, musical interval, key tracking, glide and velocity response stay the preset's. A patch
  whose discrete choices forbid a change (one unison voice, say) gets less of it.
- Only for this parameter table; the engine refuses it for another instrument.
"""


def write_card(
    path: Path, contract: Contract, verdicts: Sequence[Verdict], seconds: float, sizes: Mapping[str, object]
) -> None:
    """Write the card of a model beside it."""
    metrics = "\n".join(f"- {name}: {value:g}" for name, value in contract.metrics.items())
    text = _TEXT.format(
        name=contract.name,
        continuous=len(contract.continuous),
        macros=", ".join(verdict.macro for verdict in verdicts),
        command=contract.training.command,
        seed=contract.training.seed,
        minutes=seconds / 60.0,
        data=contract.training.data,
        data_hash=contract.training.data_hash,
        sizes=", ".join(f"{key} {value}" for key, value in sizes.items()),
        monotone=MONOTONE,
        tolerance=TOLERANCE,
        steady=STEADY_DB,
        verdicts=table(verdicts),
        metrics=metrics,
    )
    path.write_text(text, encoding="utf-8")
