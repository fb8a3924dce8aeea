"""What an evaluation leaves behind: a page, a document of figures, and a picture."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tsumami.plugins.offline.wav import write_beside
from tsumami.training.macros.figures_shared import save_figure
from tsumami.training.restoration.evaluate import Evaluation
from tsumami.training.restoration.evaluation_table import document_of, markdown_of, short
from tsumami.training.restoration.figures import draw_predictions
from tsumami.training.restoration.models import MEAN
from tsumami.training.restoration.tunes import Tune

NAME: Final = "restoration-paper"
"""Beginning of every file's name."""

_PAGE: Final = """# Restoration, as the paper runs it

`{command}` on {date}; {machine}.

Magnitude spectrograms, 16 kHz, 512/128, Hamming, each tune over its largest magnitude. Every tune is held out
in turn, and predicted whole by what was trained on the others: clean frames in, missing ones out, SDR of the
magnitudes (equation 12). A model is to be compared with the baseline that is given as much as it is: the past
(repeat the last frame), both sides of one missing frame (linear interpolation), or of six. The paper's own
figures are of other music: six jazz tunes to learn from, and 8 s of a seventh.

{tables}
![{shown}]({picture})

{shown}.
"""


def save_page(evaluation: Evaluation, folder: Path, facts: Mapping[str, Any]) -> list[Path]:
    """Write ``restoration-paper.md``, ``.json`` and ``.png``; their paths.

    ``facts`` are ``command``, ``date``, and ``machine`` with its ``cpu``, ``cores``, ``os`` and ``python``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page, document, picture = (folder / f"{NAME}.{ending}" for ending in ("md", "json", "png"))
    # First of all, so that no picture that cannot be drawn costs the figures.
    content = {"bench": NAME, **facts, **document_of(evaluation)}
    write_beside(document, f"{json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)}\n".encode())
    tune = _typical(evaluation)
    save_figure(draw_predictions(evaluation, tune), picture)
    text = _PAGE.format(
        command=facts["command"],
        date=facts["date"],
        machine="{cpu}, {cores} cores, {os}, Python {python}".format(**facts["machine"]),
        tables=markdown_of(evaluation),
        picture=picture.name,
        shown=f"The middle of {short(tune.name)} up to 4 kHz, as it is and as it is predicted",
    )
    write_beside(page, text.encode())
    return [page, document, picture]


def _typical(evaluation: Evaluation) -> Tune:
    """The tune in the middle by the SDR of QDLSTM, or of the last row, where that has all of them."""
    rows = {row.name: row for row in evaluation.rows}
    scores = rows.get(MEAN, evaluation.rows[-1]).scores
    known = [tune for tune in evaluation.tunes if tune.name in scores]
    return sorted(known, key=lambda tune: scores[tune.name].overall or 0.0)[len(known) // 2]
