"""What an evaluation leaves behind: a page and a document of figures, and the pictures of the page."""

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

from tsumami.plugins.offline.wav import write_beside
from tsumami.training.macros.evaluate import Evaluation
from tsumami.training.macros.evaluation_table import document_of, markdown_of
from tsumami.training.macros.figures import draw_answers
from tsumami.training.macros.figures_latents import draw_latents
from tsumami.training.macros.figures_shared import save_figure
from tsumami.training.macros.latents import latents_of
from tsumami.training.macros.sounds import Values, join

NAME: Final = "synth-control"
"""Beginning of every file's name."""

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
    pictures = [_save_pictures(evaluation, folder) for evaluation in evaluations]
    page += "\n".join(
        markdown_of(evaluation) + "".join(f"\n![{path.stem}]({path.name})\n" for path in paths)
        for evaluation, paths in zip(evaluations, pictures, strict=True)
    )
    texts = {"md": page, "json": json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"}
    paths = [folder / f"{NAME}.{ending}" for ending in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        write_beside(path, text.encode())
    return [*paths, *chain.from_iterable(pictures)]


def _save_pictures(evaluation: Evaluation, folder: Path) -> list[Path]:
    """The answers, and the latents of the best model that has any."""
    corpus = evaluation.corpus
    stem = f"{NAME}-{len(corpus.parameters)}"
    paths = [folder / f"{stem}.png"]
    save_figure(draw_answers(evaluation), paths[0])
    sounds = join((corpus.train, corpus.valid, corpus.test))
    latents, name = _latents(evaluation, sounds.mel)
    if latents is not None:
        title = f"Latents of {name}, {len(corpus.parameters)} parameters of {corpus.name}"
        paths.append(folder / f"{stem}-latents.png")
        save_figure(draw_latents(latents, sounds, title), paths[-1])
    return paths


def _latents(evaluation: Evaluation, mel: Values) -> tuple[Values | None, str]:
    """Of the best model that has any, and its name."""
    for row in evaluation.models:
        latents = latents_of(row.predictor, mel)
        if latents is not None:
            return latents, row.name
    return None, ""
