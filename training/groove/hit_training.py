"""Makes the hit detector's table: what it learns from, and how its thresholds are set.

The network learns from the train split on kits that are varied; thresholds and biases by lane are then set on
performances of the same split played with kits as they are. The kit of the data is half of what is heard,
kits of Hydrogen (Debian's hydrogen-data and hydrogen-drumkits) the other half.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from tsumami.engine.groove.detector import Hits, find_hits
from tsumami.engine.groove.hit_state import LANES, OTHER
from tsumami.engine.groove.hit_table import HitTable
from tsumami.plugins.offline.wav import write_beside
from tsumami.training.groove.drum_kit import DrumKit, read_drum_kit
from tsumami.training.groove.hit_examples import SAMPLE_RATE, training_examples, varied_kit
from tsumami.training.groove.hit_network import HitNetwork, fit, joined
from tsumami.training.groove.hit_scores import Count, count, lane_times, match_times, onset_times
from tsumami.training.groove.hydrogen_kit import LEARNED_KITS, read_hydrogen_kit
from tsumami.training.groove.performances import Rendered, list_performances, read_performance, render

_VARIATIONS: Final = 12
"""Of each half of the kits."""
_TUNED_EVERY: Final = 8
_TUNED_SECONDS: Final = 30.0
_THRESHOLDS: Final = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
_HARDLY: Final = 0.003
_LOWEST: Final = 0.1
_UNSURE_OTHER: Final = 0.4

_Tuning = Sequence[tuple[Rendered, Hits]]


def train(
    data: Path, kits: Path, renders: int, epochs: int, seed: int, tell: Callable[[str], None]
) -> HitTable:
    """Render, train, set thresholds and biases; ``tell`` is called with a line now and then."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    own = read_drum_kit(data / "drum_kit", SAMPLE_RATE)
    others = [read_hydrogen_kit(kits / name, SAMPLE_RATE) for name in LEARNED_KITS]
    varied: list[DrumKit] = []
    for number in range(_VARIATIONS):
        varied += [varied_kit(own, rng), varied_kit(others[number % len(others)], rng)]
    parts = []
    for number, part in enumerate(training_examples(data, varied, renders, seed), start=1):
        parts.append(part)
        if number % 50 == 0:
            tell(f"{number} of {renders} rendered")
    network = HitNetwork()
    for epoch in fit(network, joined(parts), epochs, seed):
        tell(f"epoch {epoch.number} of {epochs}: loss {epoch.loss:.4f}")
    return tuned(network.table((_LOWEST,) * len(LANES), (0.0,) * len(LANES)), data, [own, *others], tell)


def tuned(table: HitTable, data: Path, kits: Sequence[DrumKit], tell: Callable[[str], None]) -> HitTable:
    """The table with its thresholds and biases set on renders of the train split, half with the first kit."""
    table = replace(table, thresholds=(_LOWEST,) * len(LANES), bias_ms=(0.0,) * len(LANES))
    heard = []
    for number, path in enumerate(list_performances(data, "train")[::_TUNED_EVERY]):
        kit = kits[0] if number % 2 == 0 else kits[1 + number // 2 % (len(kits) - 1)]
        rendered = render(read_performance(path).between(0.0, _TUNED_SECONDS), kit, number)
        heard.append((rendered, find_hits(rendered.audio, SAMPLE_RATE, table=table)))
    biases = tuple(_bias_ms(heard, lane) for lane in range(len(LANES)))
    thresholds = [
        _lowest_good([_lane_f(heard, lane, least) for least in _THRESHOLDS]) for lane in range(OTHER)
    ]
    others = [_onset_f(heard, [*thresholds, least]) for least in _THRESHOLDS]
    thresholds.append(max(_lowest_good(others), _UNSURE_OTHER))
    tell(f"thresholds {thresholds}, biases {biases} ms")
    return replace(table, thresholds=tuple(thresholds), bias_ms=biases)


def _lowest_good(scores: Sequence[float]) -> float:
    """The lowest threshold that is hardly worse than the best: ghost notes have low scores."""
    good = max(scores) - _HARDLY
    return next(least for least, f in zip(_THRESHOLDS, scores, strict=True) if f >= good)


def _lane_f(heard: _Tuning, lane: int, least: float) -> float:
    """F of a lane within 10 ms at a threshold."""
    total = Count()
    for rendered, hits in heard:
        found = hits[(hits["lane"] == lane) & (hits["confidence"] > least)]
        total += count(lane_times(rendered.hits, LANES[lane]), found["sample"] / SAMPLE_RATE, 10.0)
    return total.f


def _onset_f(heard: _Tuning, thresholds: Sequence[float]) -> float:
    """F of onsets within 5 ms at thresholds by lane."""
    total = Count()
    for rendered, hits in heard:
        found = hits[hits["confidence"] > np.array(thresholds)[hits["lane"]]]["sample"] / SAMPLE_RATE
        total += count(onset_times(rendered.hits["time_seconds"]), onset_times(found), 5.0)
    return total.f


def _bias_ms(heard: _Tuning, lane: int) -> float:
    """How late the times of a lane's sure hits are, the middle one."""
    errors = []
    for rendered, hits in heard:
        found = hits[(hits["lane"] == lane) & (hits["confidence"] > 0.5)]["sample"] / SAMPLE_RATE
        name = LANES[lane]
        true = (
            onset_times(rendered.hits["time_seconds"]) if lane == OTHER else lane_times(rendered.hits, name)
        )
        pairs = match_times(true, found, 0.005)
        errors.append(1000.0 * (found[pairs[:, 1]] - true[pairs[:, 0]]))
    together = np.concatenate(errors)
    return round(float(np.median(together)), 4) if len(together) else 0.0


def make_table(
    data: Path, kits: Path, out: Path, renders: int, epochs: int, seed: int, tell: Callable[[str], None]
) -> None:
    """Train the table and write it, with what it was made of, to ``out``."""
    table = train(data, kits, renders, epochs, seed, tell)
    about = {
        "data": "Groove MIDI data set (train split), Gogodze Phu drum kit, kits of Hydrogen",
        "kits": list(LEARNED_KITS),
        "renders": renders,
        "epochs": epochs,
        "seed": seed,
    }
    write_beside(out, f"{json.dumps({'about': about, **table.document()})}\n".encode())
