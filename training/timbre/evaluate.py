"""The models of timbre put to instruments and presets of which none has heard a note."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.training.timbre.encoder_data import Split
from tsumami.training.timbre.instruments import TEST
from tsumami.training.timbre.live_test import LiveTimes, live_times
from tsumami.training.timbre.notes import Notes
from tsumami.training.timbre.probes import chance, linear_probe
from tsumami.training.timbre.retrieval import found_again, mfcc_means
from tsumami.training.timbre.run import Trained
from tsumami.training.timbre.separation import Separation, separation_of
from tsumami.training.timbre.swap_test import Swapped, swap_test

SPACES: Final = ("pitch", "timbre")
PAPER: Final = {
    "VAE": {"pitch": Separation(3.334, 2.279), "timbre": Separation(3.640, 1.541)},
    "metric_VAE": {"pitch": Separation(2.891, 3.551), "timbre": Separation(3.420, 2.654)},
}
"""Table 1 of the paper, on other instruments."""
KEPT: Final = (1, 2)
"""Notes of a preset in the index."""

Latents = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Row:
    """One model on the test's instruments; ``latents`` ``[n, frames, size]`` by space."""

    name: str
    latents: dict[str, Latents]
    separation: dict[str, Separation]
    probes: dict[tuple[str, str], float]
    """Shares by (space, what is asked)."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was measured."""

    trained: Trained
    instruments: Notes
    presets: int
    rows: list[Row] = field(default_factory=list)
    chances: dict[str, float] = field(default_factory=dict)
    retrieval: dict[tuple[str, int], dict[int, float]] = field(default_factory=dict)
    """By who asked and the number of notes in the index: shares by how many of the nearest count."""
    preset_pitch: dict[str, float] = field(default_factory=dict)
    """Linear probe of the pitch on the test's presets, by space, of the first encoder."""
    swapped: dict[str, Swapped] = field(default_factory=dict)
    times: list[LiveTimes] = field(default_factory=list)
    """Of the first encoder, where there is one."""


def evaluate(
    trained: Trained, instruments: Notes, split: Split | None, seed: int, say: Callable[[str], object]
) -> Evaluation:
    """Measure what is there: ``split`` is needed for encoders alone."""
    heard = instruments.of(TEST)
    found = Evaluation(trained, heard, 0 if split is None else len(split.test_presets.names))
    found.chances.update(pitch=chance(heard.pitches), timbre=chance(heard.timbres))
    for run in trained.paper:
        say(f"judging {run.name}")
        found.rows.append(_row(run.name, run.latents(heard), heard, seed))
    for encoder in trained.encoders:
        say(f"judging the encoder, {encoder.loss}")
        timbres, pitches = encoder.vectors(heard)
        latents = {"pitch": pitches[:, -1:], "timbre": timbres[:, -1:]}
        found.rows.append(_row(f"encoder, {encoder.loss}", latents, heard, seed))
    if split is not None and trained.encoders:
        say("finding presets again")
        _find_again(found, split.test_presets, seed)
        found.times.append(live_times(trained.encoders[0], heard))
    say("swapping")
    found.swapped.update(swap_test(heard, seed))
    return found


def _row(name: str, latents: dict[str, Latents], heard: Notes, seed: int) -> Row:
    labels = {"pitch": heard.pitches, "timbre": heard.timbres}
    return Row(
        name,
        latents,
        {space: separation_of(latents[space], labels[space]) for space in SPACES},
        {
            (space, asked): linear_probe(latents[space].mean(axis=1), labels[asked], seed)
            for space in SPACES
            for asked in SPACES
        },
    )


def _find_again(found: Evaluation, presets: Notes, seed: int) -> None:
    vectors = {"MFCC means": mfcc_means(presets)}
    for encoder in found.trained.encoders:
        timbres, pitches = (some[:, -1] for some in encoder.vectors(presets))
        vectors[f"encoder, {encoder.loss}"] = timbres
        if not found.preset_pitch:
            found.preset_pitch["timbre"] = linear_probe(timbres, presets.pitches, seed)
            found.preset_pitch["pitch"] = linear_probe(pitches, presets.pitches, seed)
    for name, some in reversed(vectors.items()):
        for kept in KEPT:
            found.retrieval[name, kept] = found_again(some, presets.timbres, seed, kept)
