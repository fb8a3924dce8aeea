"""What a live repair can be asked while it runs."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from tsumami.engine import Kind, event
from tsumami.engine.events import NO_EVENTS
from tsumami.engine.restoration.concealer import FADE_SECONDS
from tsumami.engine.restoration.repair_control import RepairControl
from tsumami.engine.restoration.repair_stage import RepairStage
from tsumami.engine.stage import run_stage

_RATE = 48_000
_HEARD = 14_400
"""Frames before the gap, more than a fit's context and than a plan needs."""
_FADE = round(FADE_SECONDS * _RATE)


@pytest.fixture
def stage() -> RepairStage:
    stage = RepairStage()
    stage.prepare(_RATE, 65_536)
    return stage


def _sine(frames: int) -> npt.NDArray[np.float32]:
    return np.tile(0.5 * np.sin(0.06 * np.arange(frames)), (2, 1)).astype(np.float32)


def _ask(stage: RepairStage, control: RepairControl, value: float) -> None:
    """In a block of one frame."""
    run_stage(stage, 1, event(Kind.REPAIR, control, value, time=0), np.zeros((2, 1), np.float32))


def _played_gap(stage: RepairStage, frames: int) -> npt.NDArray[np.float32]:
    """What is played of a gap after enough was heard; what came in it is very quiet."""
    run_stage(stage, _HEARD, NO_EVENTS, _sine(_HEARD))
    assert stage.fit()
    assert [stage.plan(), stage.plan()] == [True, True]
    lost = event(Kind.LOST, value=float(frames), time=0)
    return run_stage(stage, frames, lost, np.full((2, frames), 1e-6, np.float32))


def test_a_repair_that_is_off_leaves_all_as_it_came_until_it_is_on_again(stage: RepairStage) -> None:
    _ask(stage, RepairControl.ON, 0.0)
    assert np.all(_played_gap(stage, 400) == np.float32(1e-6))
    assert stage["gaps"] == 0
    _ask(stage, RepairControl.ON, 1.0)
    assert np.abs(_played_gap(stage, 400)).max() > 0.1
    assert stage["gaps"] == 1


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_how_long_a_gap_goes_on_can_be_asked(stage: RepairStage, seconds: float) -> None:
    for wanted in (seconds, -1.0, 2.0, math.nan):
        _ask(stage, RepairControl.HOLD, wanted)
    hold = round(seconds * _RATE)
    played = np.abs(_played_gap(stage, hold + _FADE + 2000)).max(axis=0)
    assert played[: hold + _FADE // 2].max() > 0.1
    assert np.all(played[hold + _FADE :] == 0.0)
    assert played[hold + _FADE - 480 :].max() > 0.0, "it fades until then"
