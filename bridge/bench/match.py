"""Presets found for sounds that no model has learned from: how near `tsumami match` comes.

The sounds are held-out presets of the data set that a model was trained on, reduced to the model's
parameters: the instrument can make each of them exactly, so whatever distance is left is the match's own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.report import Report, Row
from tsumami.bridge.bench.trained_on import corpus_of, spread_rows
from tsumami.engine.errors import ModelError
from tsumami.engine.macros.sound_model import SoundModel
from tsumami.plugins.match.library import Library
from tsumami.plugins.match.matching import Match, match_sound, player_for, settings_of
from tsumami.plugins.match.mel import SAMPLE_RATE
from tsumami.plugins.match.sound import HeardSound

if TYPE_CHECKING:
    from tsumami.training.macros.corpus import Corpus

Distances = npt.NDArray[np.float64]

_QUARTERS: Final = (25, 75)


@dataclass(frozen=True, slots=True)
class _Way:
    """How the sounds were matched, and what came of each."""

    what: str
    matches: list[Match]

    @property
    def distances(self) -> Distances:
        return np.array([match.found.sc for match in self.matches])


def run(
    data: Path | None = None,
    model: Sequence[Path] = (),
    sounds: int = 40,
    refine: float = 30.0,
    nearest: bool = False,
    workers: int | None = None,
) -> Report:
    """Match ``sounds`` held-out sounds of ``data`` with each model, searching on for ``refine`` seconds.

    With ``nearest``, once more beginning from the nearest training preset where that is nearer. Raises
    `ModelError` for a model that was trained on other data, and without the libraries of training.
    """
    if data is None or not model:
        raise ModelError("data and model must be given, got none; --data D.zarr --model M.onnx")
    rows: list[Row] = []
    notes = [_ABOUT.format(refine=refine)]
    for path in model:
        listener = SoundModel(path)
        corpus = corpus_of(data, listener.contract, path)
        chosen = spread_rows(len(corpus.test), sounds)
        ways = list(_ways(listener, corpus, chosen, refine, nearest, workers))
        title = f"{path.stem}, {len(listener.contract.parameters)} parameters"
        rows += _rows(title, ways, _nearest_distances(corpus, chosen))
        notes.append(f"{title}: {len(chosen)} of {len(corpus.test)} held-out sounds of {corpus.name}.")
    return Report("match", rows, notes)


_ABOUT: Final = (
    "SC of linear mel power, of the preset that is found; a search goes on for {refine:g} s, on all cores. "
    "The nearest preset is that training preset whose logarithmic mel is nearest to the sound's; the search "
    "itself takes the nearest by SC, and the nearest but for its level."
)


def _ways(
    model: SoundModel,
    corpus: "Corpus",
    chosen: npt.NDArray[np.intp],
    seconds: float,
    nearest: bool,
    workers: int | None,
) -> Iterator[_Way]:
    audio = corpus.render(corpus.test.values[chosen], workers)
    with player_for(model.contract, corpus.instrument, settings_of(model.contract), workers) as player:
        train = corpus.train
        library = Library(list(train.names), corpus.player.whole(train.values), train.mel)
        for what, presets in (("", None), (", from the nearest preset too", library))[: 1 + nearest]:
            way = _Way(f"searched on{what}", [])
            for one in track(audio, f"matching{what}", console=Console(stderr=True)):
                sound = HeardSound(one, 0.0, SAMPLE_RATE)
                way.matches.append(match_sound(sound, model, player, library=presets, seconds=seconds))
                if not way.matches[-1].is_whole:
                    raise KeyboardInterrupt
            yield way


def _nearest_distances(corpus: "Corpus", chosen: npt.NDArray[np.intp]) -> Distances:
    """SC of the nearest training preset of each sound."""
    from tsumami.training.macros.baselines import NearestPreset
    from tsumami.training.macros.metrics import sound_distances

    wanted = corpus.test.mel[chosen]
    rows = NearestPreset(corpus.train.mel, corpus.train.values).rows(wanted)
    return sound_distances(wanted, corpus.train.mel[rows])["SC"]


def _rows(title: str, ways: Sequence[_Way], nearest: Distances) -> Iterator[Row]:
    predicted = np.array([match.prediction.sc for match in ways[0].matches])
    yield from _beside(f"{title}: predicted", predicted, "nearest preset", nearest)
    for way in ways:
        what = f"{title}: {way.what}"
        yield from _beside(what, way.distances, "predicted", predicted)
        low, high = np.percentile(way.distances, _QUARTERS)
        yield Row(f"{what}, SC, lower quartile", float(low), "")
        yield Row(f"{what}, SC, upper quartile", float(high), "")
        yield Row(f"{what}, patches played", float(np.median([m.renders for m in way.matches])), "median")


def _beside(what: str, distances: Distances, peer: str, theirs: Distances) -> Iterator[Row]:
    for name, of in (("median", np.median), ("mean", np.mean)):
        ours, others = float(of(distances)), float(of(theirs))
        yield Row(f"{what}, SC, {name}", ours, "", peer, others, others / ours if ours else None)
