"""The model card of a generator of loops."""

from typing import Final

from tsumami.engine.inference.contract import Contract
from tsumami.training.loops.run import Run
from tsumami.training.loops.schedule import SCHEDULES
from tsumami.training.loops.variants import VARIANTS

_CARD: Final = """# {name}

Makes bars of bass or drums: from {latents} numbers and a wish (kind, tempo, density, brightness), the sound
that begins on each of 16 steps, at {sample_rate:,} Hz. `tsumami loops` writes them as files, `tsumami live`
plays them.
Licence: GPL-3.0-or-later, like the programme that made it.

## Use

```python
from tsumami.engine.loops.generator import LoopGenerator
from tsumami.engine.loops.wishes import Wish

loop = LoopGenerator("{file}").loop(7, Wish("bass", bpm=100), sample_rate=48_000)
```

## Made by

`{command}`: seed {seed}, epoch {best_epoch} of {epochs}.
Data: {data}; hash `{data_hash}`.

## Figures

- energy distance to {kept} loops that were not learned from: {energy:.3f}
- largest difference of a sample from torch's: {export_error:.2g}

How varied its loops are, how near they come to those that were learned from, and how other trainings fare,
is in `docs/results/loops.md`.

## Limits

- It has heard one electric bass and one drum kit, and its bass lines were made by chance within a key.
- A sound lasts 0.37 s at most; slow tempos leave rests behind it.
- Every hit stands on its sixteenth. What drummers do between them was not learned.
- {sounds}
"""
_DRAWN: Final = (
    "It knows 286 sounds of a step, notes and what drums have played together, and makes no others."
)
_MIXED: Final = "Sounds are mixes of 288 learned ones: where it cannot decide, two notes sound together."


def card_of(contract: Contract, run: Run, file: str) -> str:
    """Markdown."""
    return _CARD.format(
        name=contract.name,
        latents=run.generator.latents,
        sounds=_DRAWN if VARIANTS[run.name].is_drawn else _MIXED,
        sample_rate=contract.sample_rate,
        file=file,
        command=run.command,
        seed=run.seed,
        best_epoch=run.best_epoch,
        epochs=run.epochs,
        data=contract.training.data,
        data_hash=run.data_hash,
        kept=2 * SCHEDULES[run.budget].kept,
        energy=run.energy,
        export_error=contract.metrics["export_error"],
    )
