"""The card of an exported model of synth control: what it is, what it was made of, how good it is."""

from typing import Final

from tsumami.engine.inference.contract import BUILTIN, Contract

_TEXT: Final = """# {name}

Hears one note of {instrument} and says which of the parameters below made it; others stay as loaded.
{two_way}Licence: GPL-3.0-or-later, like the programme that made it.

## Use

`tsumami match SOUND.wav --model {file} {option} -o PRESET` finds a preset for a sound. In Python:

```python
from tsumami.engine import SoundModel
from tsumami.plugins.match.mel import mel_power

positions, choices = SoundModel("{file}").listen(mel_power(samples))
```

with `samples` float32, one channel at {rate:,} Hz, of note {note:g} at velocity {velocity:g}, held
{hold:g} of {length:g} seconds. `positions` are 0-1 and in the order below{choices}.

## Made by

`{command}`: seed {seed}, epoch {best} of {epochs}, {weights:,} weights.
Data: {data}; hash `{data_hash}`.

## Figures

{figures}

## Parameters

{parameters}
"""

_TWO_WAY: Final = """Every preset has a latent from which it can be moved: `MacroModel` goes there and back.
"""
_MACROS: Final = """Its macros are
{macros}.
"""

_FIGURES: Final = {
    "validation_msen": "squared error of the parameters over their mean square, on the validation's sounds",
    "validation_accuracy": "share of the validation's choices that are right",
    "listening_error": "largest difference from torch with the same weights, as a position 0-1",
    "rounding_error": "largest difference that storing weights in half precision makes, as a position 0-1",
    "round_trip_error": "largest change of a position, preset to latent and back, of all presets of the data",
}


def card_of(contract: Contract, file: str) -> str:
    """The Markdown text of the card of a model in the file called ``file``."""
    metrics, render = contract.metrics, contract.render
    figures = [f"- {text}: {metrics[name]:.3g}" for name, text in _FIGURES.items() if name in metrics]
    rows = [
        f"- {row.name}" + (f": {', '.join(row.choices)}" if row.is_discrete else "")
        for row in contract.parameters
    ]
    return _TEXT.format(
        name=contract.name,
        instrument=contract.instrument,
        two_way=_two_way(contract),
        file=file,
        option="--builtin" if contract.instrument == BUILTIN else "--plugin PLUGIN",
        rate=contract.sample_rate,
        note=render["note"],
        velocity=render["velocity"],
        hold=render["hold_seconds"],
        length=render["length_seconds"],
        choices=", `choices` numbers of the choices that follow a name there" if contract.discrete else "",
        command=contract.training.command,
        seed=contract.training.seed,
        best=int(metrics["best_epoch"]),
        epochs=int(metrics["epochs"]),
        weights=int(metrics["weights"]),
        data=contract.training.data,
        data_hash=contract.training.data_hash,
        figures="\n".join(figures),
        parameters="\n".join(rows),
    )


def _two_way(contract: Contract) -> str:
    """What its latent is good for, where it has one."""
    if not contract.latents:
        return ""
    macros = ", ".join(f"{latent.low} – {latent.high}" for latent in contract.latents if latent.low)
    return _TWO_WAY + (_MACROS.format(macros=macros) if macros else "")
