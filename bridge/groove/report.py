"""A groove as people read it in a terminal."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tsumami.bridge.groove.analysis import Groove
from tsumami.engine.groove import LANES, Grid
from tsumami.engine.groove import summary as summary_of

STRIP_MS: Final = 40.0
_STRIP_CELLS: Final = 25
_SHADES: Final = " ·▪■"


def print_groove(groove: Groove, console: Console) -> None:
    """Lanes with bias, spread and a strip of their hits, ±40 ms wide; positions; what to mind."""
    figures = summary_of(groove.lean)
    console.print(Text(groove.recording.name), style="bold")
    console.print(Text(headline(groove, figures)))
    console.print(_lanes(groove, figures))
    console.print(_positions(figures))
    for remark in groove.remarks:
        console.print(Text(f"• {remark}"), style="dim")


def feel_of(grid: Grid) -> str:
    """The feel in words."""
    feel = grid.feel
    if feel.swing_ratio is not None:
        return f"swung {'eighths' if feel.swung == 2 else 'sixteenths'}"
    return {"straight": "straight", "triplet": "triplets"}[feel.name]


def headline(groove: Groove, figures: dict[str, Any]) -> str:
    """Tempo, feel, and the figures of all hits, in one line."""
    grid = groove.lean.grid
    parts = [f"{grid.bpm:.2f} bpm ({grid.source})"]
    parts.append(f"{feel_of(grid)}, confidence {grid.confidence:.2f}")
    parts.append(f"{figures['hits']} hits, {figures['ghost_notes']} ghost notes")
    if figures["bias_ms"] is not None:
        parts.append(f"bias {signed(figures['bias_ms'])}")
    if figures["spread_ms"] is not None:
        parts.append(f"spread {figures['spread_ms']:.1f} ms")
    if figures["swing_ratio"] is not None:
        parts.append(f"swing {figures['swing_ratio']:.2f}:1")
    if figures["drift_ms_per_minute"] is not None:
        parts.append(f"drift {signed(figures['drift_ms_per_minute'])} a minute")
    return " · ".join(parts)


def signed(milliseconds: float) -> str:
    """Milliseconds with what they mean."""
    if abs(milliseconds) < 0.05:
        return "0.0 ms"
    return f"{abs(milliseconds):.1f} ms {'late' if milliseconds > 0 else 'early'}"


def _lanes(groove: Groove, figures: dict[str, Any]) -> Table:
    table = Table()
    for heading in ("lane", "hits", "ghosts", "bias ms", "± ms", "dB"):
        table.add_column(heading, justify="left" if heading == "lane" else "right", no_wrap=True)
    table.add_column(f"early{'│':^{_STRIP_CELLS - 9}}late", no_wrap=True)
    names = list(figures["lanes"])
    for lane in names:
        figure = figures["lanes"][lane]
        table.add_row(
            lane,
            str(figure["hits"]),
            str(figure["ghost_notes"] or ""),
            *_cells(figure),
            Text(_strip(groove, lane)),
        )
    return table


def _cells(figure: dict[str, Any]) -> tuple[str, str, str]:
    """Bias, spread and strength."""
    spread = figure["spread_ms"]
    return (
        f"{figure['bias_ms']:+.1f}",
        "" if spread is None else f"{spread:.1f}",
        f"{figure['strength_db']:.1f}",
    )


def _strip(groove: Groove, lane: str) -> str:
    """How many hits are how late: a cell for each 3.3 ms."""
    return "".join(strip_of(groove.lean.deviation_ms[groove.lean.lanes == LANES.index(lane)], _STRIP_CELLS))


def strip_of(late_ms: npt.NDArray[np.float64], cells: int) -> list[str]:
    """A cell for each share of ±`STRIP_MS`, the darker the more hits are as late; a line at 0."""
    counts = [0] * cells
    for value in late_ms:
        cell = cell_of(value, cells)
        if 0 <= cell < cells:
            counts[cell] += 1
    most = max(*counts, 1)
    shades = [_SHADES[-(-count * (len(_SHADES) - 1) // most)] for count in counts]
    middle = cells // 2
    if shades[middle] == " ":
        shades[middle] = "│"
    return shades


def cell_of(late_ms: float, cells: int) -> int:
    """The cell of a strip for a deviation; under 0 or too high for one outside of it."""
    return round((late_ms / STRIP_MS + 1.0) * (cells - 1) / 2)


def _positions(figures: dict[str, Any]) -> Table:
    table = Table()
    for heading in ("position in beat", "hits", "bias ms", "± ms", "dB"):
        table.add_column(heading, justify="right")
    for figure in figures["positions"]:
        if figure["hits"]:
            table.add_row(
                f"{figure['position']:.3f}",
                str(figure["hits"]),
                *_cells(figure),
            )
    return table
