"""The terminal view draws whatever the meters say, at any width."""

import numpy as np
import pytest
from rich.console import Console

from tsumami.bridge.live.moves import Moves
from tsumami.bridge.live.view import LiveView
from tsumami.engine import Kind, MacroLabel, Message, MeterBlock, event
from tsumami.plugins import PARAMETERS


def _text(view: LiveView, width: int) -> str:
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    with console.file:
        console.print(view)
    return console.export_text()


def _view(meters: MeterBlock, moves: Moves) -> LiveView:
    view = LiveView(meters, moves, PARAMETERS, block_size=128, sample_rate=48000)
    view.engine = Message("ready", "", "null", 0.005, "cpu", (MacroLabel("bright", "dark", "bright"),))
    view.patch, view.source = "Warm Evening", "demonstration"
    return view


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_silence_and_overload_are_drawn(width: int) -> None:
    meters, moves = MeterBlock.allocate(), Moves()
    view = _view(meters, moves)
    assert "Warm Evening" in _text(view, width)
    meters["peak_now"][:] = 40.0
    meters["mean_square_now"][:] = 1e6
    meters["macros"][0] = 7.0
    meters["missed"] = 10**9
    meters["load"][:, :] = 10**6
    moves.note(np.concatenate([event(Kind.PARAMETER, row, 0.5) for row in range(len(PARAMETERS))]))
    meters["parameters"][:] = 1.0
    assert "bright" in _text(view, width)


def test_what_moved_is_shown_with_its_unit_and_news_stay_four() -> None:
    meters, moves = MeterBlock.allocate(), Moves()
    view = _view(meters, moves)
    row = next(index for index, parameter in enumerate(PARAMETERS) if parameter.name == "cutoff")
    meters["parameters"][row] = 1.0
    moves.note(event(Kind.PARAMETER, row, 1.0))
    for number in range(9):
        view.tell(f"news {number}")
    text = _text(view, 120)
    assert "18000 Hz" in text
    assert "news 4" not in text
    assert "news 8" in text
