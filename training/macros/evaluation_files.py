"""What an evaluation leaves behind: a page and a document of figures, and the pictures of the page."""

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure

from tsumami.engine.macros.model import MacroModel
from tsumami.plugins.offline.wav import write_beside
from tsumami.training.macros.evaluate import Evaluation
from tsumami.training.macros.evaluation_table import document_of, markdown_of
from tsumami.training.macros.export_run import export_run
from tsumami.training.macros.figures import draw_answers
from tsumami.training.macros.figures_latents import draw_latents
from tsumami.training.macros.figures_shared import save_figure
from tsumami.training.macros.figures_sweeps import draw_sweeps
from tsumami.training.macros.flow_models import Invertible
from tsumami.training.macros.latents import latents_of
from tsumami.training.macros.ordering_files import order_of
from tsumami.training.macros.run import Run
from tsumami.training.macros.scaling import Scale
from tsumami.training.macros.sounds import Values, join
from tsumami.training.macros.sweeps import Knobs, sweep

NAME: Final = "synth-control"
"""Beginning of every file's name."""

_STOPS: Final = 7
_SWEPT: Final = 3

_PAGE = """# Synth control

`{command}` on {date}; {machine}.

Each held-out sound is given to every method as a mel spectrogram; the parameters that it answers with are
rendered by the instrument, fresh for each, and compared with the sound. The render floor is the same presets
rendered once more, the nearest preset that training preset whose logarithmic mel is nearest.

"""


def save_page(evaluations: Sequence[Evaluation], folder: Path, facts: Mapping[str, Any]) -> list[Path]:
    """Write ``synth-control.md`` with its pictures beside it, and ``synth-control.json``; their paths.

    ``facts`` are ``command``, ``date``, and ``machine`` with its ``cpu``, ``cores``, ``os`` and ``python``.
    """
    machine = "{cpu}, {cores} cores, {os}, Python {python}".format(**facts["machine"])
    page = _PAGE.format(command=facts["command"], date=facts["date"], machine=machine)
    document = {"bench": NAME, **facts, "evaluations": [document_of(one) for one in evaluations]}
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{NAME}.{ending}" for ending in ("md", "json")]
    # First of all, so that no picture that cannot be drawn costs the figures.
    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
    write_beside(paths[1], f"{text}\n".encode())
    pictures = [_save_pictures(evaluation, folder) for evaluation in evaluations]
    page += "\n".join(
        markdown_of(evaluation, {path.name: shown for path, shown in drawn.items()})
        for evaluation, drawn in zip(evaluations, pictures, strict=True)
    )
    write_beside(paths[0], page.encode())
    return [*paths, *chain.from_iterable(pictures)]


def _save_pictures(evaluation: Evaluation, folder: Path) -> dict[Path, str]:
    """What each shows: the answers, the latents and the macros of the best models that have such."""
    corpus = evaluation.corpus
    stem = f"{NAME}-{len(corpus.parameters)}"
    answers, latents, macros = (folder / f"{stem}{end}.png" for end in ("", "-latents", "-macros"))
    save_figure(draw_answers(evaluation), answers)
    shown = {
        answers: "Three held-out sounds, at the quartiles of the best model's SC, and what answered them"
    }
    sounds = join((corpus.train, corpus.valid, corpus.test))
    found, name = _latents(evaluation, sounds.mel)
    if found is not None:
        title = f"Latents of {name}, {len(corpus.parameters)} parameters of {corpus.name}"
        save_figure(draw_latents(found, sounds, title), latents)
        shown[latents] = f"Where {name} puts all sounds"
    swept = _swept(evaluation)
    if swept is not None:
        save_figure(swept, macros)
        shown[macros] = "The held-out preset nearest to the middle of its macros, turned from end to end"
    return shown


def _latents(evaluation: Evaluation, mel: Values) -> tuple[Values | None, str]:
    """Of the best model that has any, and its name."""
    for row in evaluation.models:
        latents = latents_of(row.predictor, mel)
        if latents is not None:
            return latents, row.name
    return None, ""


def _swept(evaluation: Evaluation) -> Figure | None:
    """A held-out preset under three macros of the best model that can be turned.

    The preset is the one that stands nearest to the middle of all knobs, with room to move both ways; the
    macros are those whose ends sound most unlike each other.
    """
    corpus = evaluation.corpus
    for row in evaluation.models:
        run = row.predictor
        if not isinstance(run, Run) or not isinstance(run.model, Invertible):
            continue
        content, _ = export_run(run, corpus, order_of(run, corpus))
        knobs = Knobs(MacroModel(content, "cpu"), corpus)
        places = knobs.places(corpus.test.values)
        preset = int(np.abs(places - 0.5).mean(axis=1).argmin())
        sweeps = sweep(corpus, corpus.test.rows([preset]), knobs.macros, knobs.turn, positions=_STOPS)
        order = np.argsort(-sweeps.changes_db()[0], kind="stable")[:_SWEPT]
        scale = Scale.fit(corpus.train.descriptors)
        return draw_sweeps(sweeps, sorted(order.tolist()), corpus.parameters, scale, row.name)
    return None
