"""Where in a beat and a bar drummers play what: the table by which the engine tells beats from off-beats.

Shares of each lane's hits by grid position, and the spread of tempi, over the train split of the Groove MIDI
data set; every performance counts the same.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.groove.hit_state import LANES
from tsumami.training.groove.performances import Performance, list_performances, read_performance

_BAR: Final = 4
_FEELS: Final = {"straight": 4, "triplet": 3}


def grid_priors(data: Path) -> dict[str, Any]:
    """The table as a document."""
    performances = [read_performance(path) for path in list_performances(data, "train")]
    tempi = np.log2([performance.bpm for performance in performances])
    return {
        "bpm": round(float(2.0 ** tempi.mean()), 1),
        "bpm_spread_octaves": round(float(tempi.std()), 3),
        "feels": {feel: _shares_by_lane(performances, places) for feel, places in _FEELS.items()},
        "bar": {lane: _rounded(_bar_shares(performances, lane)) for lane in LANES[:-1]},
    }


def write_grid_priors(data: Path, path: Path) -> None:
    """Write the table of `grid_priors`."""
    path.write_text(json.dumps(grid_priors(data), indent=1) + "\n", "utf-8")


def _shares_by_lane(performances: list[Performance], places: int) -> dict[str, list[float]]:
    return {lane: _rounded(_shares(performances, lane, places, places)) for lane in LANES[:-1]}


def _bar_shares(performances: list[Performance], lane: str) -> npt.NDArray[np.float64]:
    """Of hits on the beat, by beat of the bar."""
    shares = _shares(performances, lane, 4, _BAR * 4)[::4]
    return _whole(shares)


def _shares(
    performances: list[Performance], lane: str, a_beat: int, positions: int
) -> npt.NDArray[np.float64]:
    """Shares of a lane's hits by position, ``a_beat`` of them in a beat."""
    total = np.zeros(positions)
    for performance in performances:
        hits = performance.hits[performance.hits["lane"] == lane]
        beats = hits["time_seconds"] * performance.bpm / 60.0
        place = np.rint(beats * a_beat).astype(np.int64) % positions
        total += np.bincount(place, minlength=positions) / max(len(performance.hits), 1)
    return _whole(total)


def _whole(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Shares of one; all the same where there are none."""
    total = shares.sum()
    return shares / total if total else np.full(len(shares), 1.0 / len(shares))


def _rounded(shares: npt.NDArray[np.float64]) -> list[float]:
    return [round(float(share), 3) for share in shares]
