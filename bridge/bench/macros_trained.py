"""Whether a macro of a model that was trained on renders does what its name says.

Held-out presets are swept through the file's ONNX graph and the live processor, and every stop is rendered by
the instrument itself, offline and fresh. The peer turns one parameter a knob, the one that says most about
what the macro is named after.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Console
from rich.progress import Progress

from tsumami.bridge.bench.macro_rows import PEER, timing, verdict_notes, verdict_rows
from tsumami.bridge.bench.report import Report
from tsumami.bridge.bench.trained_on import corpus_of, spread_rows
from tsumami.engine import MacroModel, MacroProcessor

if TYPE_CHECKING:
    from tsumami.engine.inference.contract import Latent
    from tsumami.training.macros.corpus import Corpus
    from tsumami.training.macros.knobs import Verdict
    from tsumami.training.macros.sounds import Sounds
    from tsumami.training.macros.sweeps import Turn

_TIMED: Final = 100


def run_trained(model: Path, data: Path, patches: int) -> Report:
    """Sweep every macro of ``model`` over ``patches`` held-out presets of ``data``, which it was trained on.

    The report is called ``macros-`` and the instrument. Every preset costs twice nine renders a macro.
    Raises `ModelError` for a model of other data, one without macros, and without the libraries of training.
    """
    decoder = MacroModel(model, "cpu")
    corpus = corpus_of(data, decoder.contract, model)
    from tsumami.training.macros.sweeps import Knobs, one_parameter

    decoder.prepare()
    knobs = Knobs(decoder, corpus)
    chosen = spread_rows(len(corpus.test), patches)
    presets = corpus.test.rows(chosen)
    peers = [one_parameter(corpus, macro.name) for macro in knobs.macros]
    learned = _verdicts(corpus, presets, knobs.macros, knobs.turn, "learned")
    by_hand = _verdicts(
        corpus, presets, knobs.macros, lambda patch, macro, count: peers[macro].turn(patch, count), PEER
    )
    pairs = list(zip(learned, by_hand, strict=True))
    rows = [row for ours, theirs in pairs for row in verdict_rows(ours, theirs)]
    processor = MacroProcessor(decoder, len(corpus.parameters))
    rows += timing(processor, list(corpus.test.values[:_TIMED]))
    hands = {
        macro.name: ("−" if peer.direction < 0 else "") + corpus.parameters[peer.column]
        for macro, peer in zip(knobs.macros, peers, strict=True)
    }
    about = (
        f"{model.name}: {decoder.contract.name}, {len(corpus.parameters)} parameters, after "
        f"{decoder.contract.metrics.get('best_epoch', 0):g} epochs; {len(presets)} of {len(corpus.test)} "
        f"held-out presets of {corpus.name}"
    )
    notes = [*_means(learned, by_hand), *verdict_notes(learned, by_hand, about, hands)]
    return Report(f"macros-{corpus.name.casefold()}", rows, notes)


def _verdicts(
    corpus: "Corpus", presets: "Sounds", macros: "Sequence[Latent]", turn: "Turn", title: str
) -> "list[Verdict]":
    """A verdict for each macro; a standard deviation is that of the training presets."""
    from tsumami.training.macros.scaling import Scale
    from tsumami.training.macros.sweeps import sweep

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=len(presets))

        def told(done: int) -> None:
            progress.update(task, completed=done)

        on_preset: Callable[[int], object] = told
        swept = sweep(corpus, presets, macros, turn, on_preset=on_preset)
    return swept.judge(Scale.fit(corpus.train.descriptors))


def _means(learned: "Sequence[Verdict]", by_hand: "Sequence[Verdict]") -> Iterator[str]:
    ours, theirs = (
        f"{np.mean([verdict.monotone for verdict in verdicts]):.0%} monotone, effect "
        f"{np.mean([verdict.effect_units for verdict in verdicts]):.2f} σ"
        for verdicts in (learned, by_hand)
    )
    yield f"Over all macros: learned {ours}; one parameter {theirs}."
