"""What an evaluation of the groove paper leaves behind: a page, a document of figures, and two pictures."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tsumami.plugins.offline.wav import write_beside
from tsumami.training.groove.evaluate import Evaluation
from tsumami.training.groove.evaluation_table import document_of, markdown_of
from tsumami.training.groove.figures import draw_beat, draw_deviations
from tsumami.training.groove.pieces import BEATS
from tsumami.training.macros.figures_shared import save_figure

NAME: Final = "groove"
"""Beginning of every file's name."""

_PAGE: Final = """# The groove paper, run

`{command}` on {date}; {machine}.

Learned from: 32 of the first 40 beats of `{piece}` of the Groove MIDI data set, played at 96 bpm with the
drum kit of samples; tested with the other 8. Compared with programmed twins: {pieces} performances of the
validation split, {beats} beats each, which no model has heard. [The paper, and how it is read
here](../groove-paper.md).

## What is restored

SDR by the amplitude of the true samples, at a level at which 0.1 is the root mean square: of the means of
the latent (figure 3) …

{restored}
… and of samples of it (figure 5).

{sampled}
![{shown}]({beat})

*{shown}. Dark: as it was played; light: restored. The divergence is scaled to its least and most.*

## Weak accents

*Weak rise*: by how much the divergence from the programmed twin, in which all hits are equally loud, is
higher in the 30 ms after a soft hit (velocity under 50) than before it; the middle one.
*Ghost AUC*: a twin of the accents alone is compared with the performance, and with the performance
without its ghost notes; how surely the 30 ms after their times tell the two apart. {ghosts} soft hits, no
other within 50 ms.

{weak}
## Deviations

Programmed twins whose every hit is moved by a normal deviate of so many ms, compared with the twin on the
grid, played with other round robins. The mean of the divergence, over all pieces:

{means}
And its level: the mean of the decibels of every 10 ms, in which loud and soft places count the same.

{levels}
![{moved}]({deviations})

## Trainings

*Of a core, live*: what the engine takes to compare a performance with its reference as it is played, in
blocks of 64 samples.

{runs}"""


def save_page(evaluation: Evaluation, folder: Path, facts: Mapping[str, Any]) -> list[Path]:
    """Write ``groove.md``, ``.json``, ``-beat.png`` and ``-deviations.png``; their paths.

    ``facts`` are ``command``, ``date``, and ``machine`` with its ``cpu``, ``cores``, ``os`` and ``python``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = (f"{NAME}.md", f"{NAME}.json", f"{NAME}-beat.png", f"{NAME}-deviations.png")
    page, document, beat, deviations = (folder / name for name in names)
    content = {"bench": NAME, **facts, **document_of(evaluation)}
    write_beside(document, f"{json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)}\n".encode())
    save_figure(draw_beat(evaluation), beat)
    save_figure(draw_deviations(evaluation), deviations)
    tables = markdown_of(evaluation)
    text = _PAGE.format(
        command=facts["command"],
        date=facts["date"],
        machine="{cpu}, {cores} cores, {os}, Python {python}".format(**facts["machine"]),
        piece=evaluation.section.name,
        pieces=len(evaluation.pieces),
        beats=BEATS,
        ghosts=evaluation.ghosts,
        shown="The tested beat with the most soft hits (dotted)",
        moved="Mean and level of the divergence over the deviation",
        beat=beat.name,
        deviations=deviations.name,
        weak=tables.pop("ghosts"),
        **tables,
    )
    write_beside(page, text.encode())
    return [page, document, beat, deviations]
