"""Whether a macro does what its name says: knobs turned over unseen patches, rendered and measured.

Every knob of the shipped model is turned from end to end through the live processor, over patches that
training has not seen; every stop is rendered and described. Beside it stands the macro that a hand
would make once for all patches: one parameter a knob.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.hand_made import HAND_MADE, sweep_hand_made
from tsumami.bridge.bench.macro_rows import PEER, timing, verdict_notes, verdict_rows
from tsumami.bridge.bench.macros_trained import run_trained
from tsumami.bridge.bench.report import Report
from tsumami.engine import MacroModel, MacroProcessor
from tsumami.engine.errors import ModelError
from tsumami.engine.models import shipped_model
from tsumami.plugins import PARAMETERS, random_patch

if TYPE_CHECKING:
    from tsumami.training.macros.knobs import Verdict

Values = npt.NDArray[np.float32]
Sweep = Callable[[Values, int, int], Values]
"""Patches ``[positions, parameters]`` of a patch under a macro's knob at so many even positions."""

SEED: Final = 20_001
"""Of the random patches; training draws its own from pairs of numbers, so none is among them."""


def run(model: str | Path | None = None, data: Path | None = None, patches: int = 100) -> Report:
    """Sweep every macro over ``patches`` patches, of which the bank's held-out ones are the first.

    With ``data``, a data set of renders, its held-out presets are swept instead: those of the instrument
    that ``model`` was trained on.

    Every patch costs 146 renders, two to three seconds on two idle cores. `ModelError` without the
    libraries of training, which hold the descriptors.
    """
    if data is not None:
        if model is None:
            raise ModelError("model must be given with data, got none; --model M.onnx")
        return run_trained(Path(model), data, patches)
    try:
        from tsumami.training.macros.data import workers
        from tsumami.training.macros.knobs import sweep_knob
    except ImportError as error:
        raise ModelError(
            f"libraries of training must be installed to describe sounds, got no {error.name}; "
            "pip install 'tsumami[training]'"
        ) from None
    shipped = shipped_model("builtin")
    assert shipped is not None
    decoder = MacroModel(model or shipped, "cpu")
    decoder.prepare()
    processor = MacroProcessor(decoder, len(PARAMETERS))
    chosen = unseen_patches(patches)

    def turn(patch: Values, macro: int, positions: int) -> Values:
        return sweep_knob(processor, patch, macro, positions)

    with workers() as pool:
        learned = _verdicts(decoder, chosen, turn, pool, "learned")
        by_hand = _verdicts(decoder, chosen, sweep_hand_made, pool, PEER)
    pairs = list(zip(learned, by_hand, strict=True))
    rows = [row for ours, theirs in pairs for row in verdict_rows(ours, theirs)]
    rows += timing(processor, chosen)
    about = f"{len(chosen)} unseen patches, the bank's held-out patches first"
    hands = {
        verdict.macro: f"{'−' if direction < 0 else ''}{parameter}"
        for verdict, (parameter, direction) in zip(learned, HAND_MADE, strict=True)
    }
    return Report("macros", rows, tuple(verdict_notes(learned, by_hand, about, hands)))


def describe(values: Values) -> Values:
    """Descriptors ``[n, 9]`` of patches ``[n, parameters]``, rendered; runs in worker processes."""
    from tsumami.training.macros.data import render_and_describe

    return render_and_describe(values, False)[1]


def unseen_patches(count: int) -> list[Values]:
    """Patches that training has not seen: the bank's held-out ones, then random ones of another seed."""
    from tsumami.training.macros.data import held_out_bank

    bank = [patch.values for patch in held_out_bank()]
    rng = np.random.default_rng(SEED)
    return [*bank, *(random_patch(rng) for _ in range(count - len(bank)))][:count]


def _verdicts(
    decoder: MacroModel, patches: Sequence[Values], sweep: Sweep, pool: Executor, title: str
) -> "list[Verdict]":
    """One verdict a macro; a standard deviation is that of the model's training set."""
    from tsumami.training.macros.descriptors import MACROS
    from tsumami.training.macros.knobs import POSITIONS, judge
    from tsumami.training.macros.scaling import RANGE, Scale

    count = len(MACROS)
    swept = [
        np.concatenate([patch[None], *(sweep(patch, macro, POSITIONS) for macro in range(count))])
        for patch in patches
    ]
    rendered = track(pool.map(describe, swept), title, len(swept), console=Console(stderr=True))
    described = np.stack(list(rendered))
    sweeps = described[:, 1:].reshape(len(patches), count, POSITIONS, -1)
    ends = decoder.contract.normalisation
    scale = Scale(np.array([[ends[f"{macro} at {sign}{RANGE}"] for macro in MACROS] for sign in "-+"]))
    return [judge(macro, sweeps[:, macro], described[:, 0], scale) for macro in range(count)]
