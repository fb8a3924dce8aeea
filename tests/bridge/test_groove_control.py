"""What can be asked of a groove while it is heard."""

import numpy as np
import pytest

from tsumami.bridge.groove.live_grid import FoundGrid
from tsumami.bridge.page.groove import GrooveLanes
from tsumami.engine.groove import HIT_DTYPE
from tsumami.engine.groove.detector import Hits
from tsumami.engine.groove.live_memory import HEARD_DTYPE

RATE = 48_000


class Reference(FoundGrid):
    state = "by the reference"


def hits(strengths_db: list[float]) -> Hits:
    found = np.zeros(len(strengths_db), HIT_DTYPE)
    found["sample"] = np.arange(len(strengths_db)) * RATE / 2
    found["strength_db"], found["confidence"] = strengths_db, 1.0
    return found


@pytest.fixture
def lanes() -> GrooveLanes:
    return GrooveLanes(RATE, FoundGrid(120.0), Reference(90.0), 0.0)


def counted(lanes: GrooveLanes, strengths_db: list[float]) -> int:
    lanes.take(np.zeros(0, HEARD_DTYPE), hits(strengths_db))
    return int(lanes.document()["hits"])


def test_weak_hits_count_as_far_as_is_asked(lanes: GrooveLanes) -> None:
    lanes.ask([0, 1.0, 1.0])
    assert counted(lanes, [-79.0, -20.0]) == 2
    lanes.ask([0, 0.5, 1.0])
    assert counted(lanes, [-41.0, -39.0]) == 3
    lanes.ask([0, 0.0, 1.0])
    assert counted(lanes, [-1.0]) == 3


def test_what_was_heard_is_forgotten_once_a_press(lanes: GrooveLanes) -> None:
    assert counted(lanes, [-20.0] * 3) == 3
    lanes.ask([1, 1.0, 1.0])
    assert counted(lanes, [-20.0]) == 1
    lanes.ask([1, 1.0, 1.0])
    assert counted(lanes, [-20.0]) == 2


def test_the_reference_is_left_and_taken_again(lanes: GrooveLanes) -> None:
    assert lanes.document()["state"] == "by the reference"
    lanes.ask([0, 1.0, 0.0])
    assert lanes.document()["state"] == ""
    lanes.ask([0, 1.0, 1.0])
    assert lanes.document()["state"] == "by the reference"
    alone = GrooveLanes(RATE, FoundGrid(120.0), None, 0.0)
    alone.ask([0, 1.0, 1.0])
    assert alone.document()["state"] == ""
