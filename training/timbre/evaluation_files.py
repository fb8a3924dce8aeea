"""What an evaluation of timbre leaves behind: a page, a document of figures, and three pictures."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tsumami.plugins.offline.wav import write_beside
from tsumami.training.macros.figures_shared import save_figure
from tsumami.training.timbre.evaluate import Evaluation
from tsumami.training.timbre.evaluation_table import document_of, markdown_of
from tsumami.training.timbre.figures import draw_compactness, draw_distances, draw_spaces

NAME: Final = "timbre"
"""Beginning of every file's name."""

_PICTURES: Final = {
    "spaces": draw_spaces,
    "compactness": draw_compactness,
    "distances": draw_distances,
}
_PAGE: Final = """# The timbre paper, run

`{command}` on {date}; {machine}.

Judged with {notes} notes of {instruments}, C3-B5, of which no model has heard one, and {presets} presets
that no encoder has heard. [How the paper is read here, and what the encoder is](../timbre.md).

## Compactness and dispersion

Equations 12 and 13 of the paper on normalised spaces: the first nine frames of a note, for encoders the one
vector of it. Compactness is the better the smaller, dispersion the larger. The paper's figures are of its own
40 instruments; the models here have 7 to learn from.

{separation}
{margins}
A space whose probe below tells no more than chance has learned nothing: its figures are those of noise.

![Both spaces by t-SNE]({spaces})

*The paper's figure 3: the pitch space coloured by pitch, the timbre space by instrument.*

![Compactness of every pitch and instrument]({compactness})

*Figure 4.*

![Distances between pitches and between instruments]({distances})

*Figure 5.*

## What a line reads out

A logistic regression learns three quarters of these notes' vectors and tells the others'. The pitch should be
told from the pitch vector and not from the timbre vector, the instrument the other way round. Instruments
have different ranges, so that each tells something of the other.

{probes}
Of the presets, whose notes are spread evenly, the pitch is told from the pitch vector in {preset_pitch} and
from the timbre vector in {preset_timbre}; 1 of 36 would be chance. (A preset may sound an octave or a fifth
from its key.)

## Presets found again

Of every preset some notes are in the index, and the others, at other pitches, ask for it.

{retrieval}
{live}
## Swaps

`tsumami timbre swap` makes a note with the pitch of one and the timbre of another instrument's; here it is
told the pitch of both. Classifiers that have met real notes alone are asked for both, and for real notes that
they did not learn.

{swaps}
## Trainings

{runs}"""


def save_page(evaluation: Evaluation, folder: Path, facts: Mapping[str, Any]) -> list[Path]:
    """Write ``timbre.md``, ``.json`` and the pictures ``timbre-….png``; their paths.

    ``facts`` are ``command``, ``date``, and ``machine`` with its ``cpu``, ``cores``, ``os`` and ``python``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page, document = folder / f"{NAME}.md", folder / f"{NAME}.json"
    content = {"bench": NAME, **facts, **document_of(evaluation)}
    write_beside(document, f"{json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)}\n".encode())
    pictures = {name: folder / f"{NAME}-{name}.png" for name in _PICTURES}
    for name, draw in _PICTURES.items():
        save_figure(draw(evaluation), pictures[name])
    text = _PAGE.format(
        command=facts["command"],
        date=facts["date"],
        machine="{cpu}, {cores} cores, {os}, Python {python}".format(**facts["machine"]),
        notes=len(evaluation.instruments),
        instruments=", ".join(evaluation.instruments.names),
        presets=evaluation.presets,
        preset_pitch=_share(evaluation.preset_pitch.get("pitch")),
        preset_timbre=_share(evaluation.preset_pitch.get("timbre")),
        **{name: path.name for name, path in pictures.items()},
        **markdown_of(evaluation),
    )
    write_beside(page, text.encode())
    return [page, document, *pictures.values()]


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.1%}"
