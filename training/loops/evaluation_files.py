"""What an evaluation of loops leaves behind: a page, a document of figures, and pictures."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tsumami.plugins.offline.wav import write_beside
from tsumami.training.loops.evaluate import TESTED, Evaluation
from tsumami.training.loops.evaluation_table import document_of, markdown_of, overview, trainings
from tsumami.training.loops.figures import draw_pairs, draw_paper, draw_places
from tsumami.training.loops.paper_facts import paper_facts
from tsumami.training.macros.figures_shared import save_figure

NAME: Final = "loops"
"""Beginning of every file's name."""

_PAGE: Final = """# Loops, judged

`{command}` on {date}; {machine}.

Learned from: {learned} loops, half of them basslines by chance, half bars of drummers; hash `{data_hash}`.
Each generator makes as many loops as are tested ({tested} of each kind, of basslines and drummers that
nobody has learned from), with the same density, brightness and tempo wished. *true loops* are the tested
ones themselves, *learned loops* as many of those that were learned from: so near comes who copies what was
heard. [How loops are made](../loops.md).

{overview}
*memorised*: share of loops whose nearest learned one is closer than half of what is between that one and
its own nearest neighbour. *NDB/K*: share of 20 bins of the learned loops in which a significantly different
share lies, *JSD*: how far the shares are apart as a whole. *density*, *coverage*: how deep the made lie
among the tested, and the share of the tested that have a made one near. *Vendi*: how many different loops
{made} are worth. *seam*: the middle step from a loop's last sample to its first, against the 95th
percentile of those at the other sixteenths, where sounds begin as well; *seams held*: the share of loops in
which it is no larger than that. *steered*: correlation of what was wished with what came, within each kind,
where density, brightness and tempo are wished independently. Tempo and bars need not be learned: every loop
is exactly as long as they say. Compared is the loudness of bands, step by step.

![Loops on two principal components; grey: learned from]({places})

*Loops on two principal components; grey: learned from.*

![Loops beside the nearest that were learned from]({pairs})

*Loops beside the nearest that were learned from.*

A loop of two seconds takes {loop_ms:.1f} ms on one thread of the machine, at 48 kHz.

## Trainings

All have the same networks. *recipe*: the paper's, with batch norm and Adam at 1e-3 (0.9, 0.999). *spectral*:
spectral norms, a hinge and minibatch features. *r1*: a penalty on the critic's slope, and minibatch features.
*energy*: r1, the energy distance of a batch from the truth, and the wished density kept. *drawn*: no critic;
each step has one sound, drawn by chances under which what was learned is likely, and wishes are kept in the
mean; it ships.

{trainings}
{paper}"""

_PAPER: Final = """
## The paper's networks

`{command}`: four bass loops of two seconds at 2,048 Hz, {epochs:,} epochs (the paper has 50,000).
At the end the generator's loss is {generator_loss:.1f} and the discriminator's {critic_loss:.1g} nats. What
the {seen} fixed z make is {level_db:+.1f} dB beside the training loops. In units of the mean distance between
those it is {near:.2f} away from the nearest of them ({nearest} are nearest to each of the four), and
{apart:.2f} from each other, where 0 is one loop for every z.

![Losses, principal components and nearest pairs]({picture})

*Losses, principal components and nearest pairs, as in the paper.*
"""


def save_page(evaluation: Evaluation, folder: Path, facts: Mapping[str, Any]) -> list[Path]:
    """Write ``loops.md``, ``.json`` and pictures; their paths.

    ``facts`` are ``command``, ``date``, and ``machine`` with its ``cpu``, ``cores``, ``os`` and ``python``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page, document, places, pairs = (
        folder / f"{NAME}{end}" for end in (".md", ".json", "-places.png", "-pairs.png")
    )
    save_figure(draw_places(evaluation), places)
    save_figure(draw_pairs(evaluation), pairs)
    written, of_paper = [page, document, places, pairs], ""
    if (paper := evaluation.paper) is not None:
        written.append(folder / f"{NAME}-paper.png")
        save_figure(draw_paper(paper), written[-1])
        facts_of_paper = asdict(paper_facts(paper))
        nearest = ", ".join(map(str, facts_of_paper.pop("nearest")))
        of_paper = _PAPER.format(
            command=paper.command,
            epochs=paper.epochs,
            seen=len(paper.made),
            picture=written[-1].name,
            nearest=nearest,
            **facts_of_paper,
        )
    content = {"bench": NAME, **facts, **document_of(evaluation)}
    write_beside(document, f"{json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)}\n".encode())
    text = _PAGE.format(
        command=facts["command"],
        date=facts["date"],
        machine="{cpu}, {cores} cores, {os}, Python {python}".format(**facts["machine"]),
        learned=len(evaluation.data.loops),
        data_hash=evaluation.data.hash,
        tested=min(TESTED, len(evaluation.rows[0].features) // 2),
        made=len(evaluation.rows[0].features),
        overview=markdown_of(overview(evaluation)),
        trainings=markdown_of(trainings(evaluation)),
        places=places.name,
        pairs=pairs.name,
        loop_ms=evaluation.loop_ms,
        paper=of_paper,
    )
    write_beside(page, text.encode())
    return written
