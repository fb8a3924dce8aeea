"""The terminal view of a live groove: a lane for each drum, its hits left or right of the grid line."""

from collections import deque
from typing import Final

import numpy as np
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tsumami.bridge.groove.analysis import Groove
from tsumami.bridge.groove.divergence import Divergence
from tsumami.bridge.groove.latency import Latency
from tsumami.bridge.groove.report import STRIP_MS, cell_of, feel_of, signed, strip_of
from tsumami.bridge.live.summary import decibels
from tsumami.engine.config import Message
from tsumami.engine.groove import LANES, Lean
from tsumami.engine.groove.deviation import bias_of, spread_of

_CELLS: Final = 41
_FIGURES: Final = ("bias ms", "±", "dB")
_SHOWN: Final = 32
"""Hits of a lane that its row is about: the last."""
_LATEST: Final = 4
_CLOSE_MS, _NEAR_MS = 6.0, 15.0
_BARS: Final = " ▁▂▃▄▅▆▇█"
_KL_FLOOR_DB, _KL_CEILING_DB = -30.0, 20.0
_NEWS: Final = 3
_SILENT: Final = 1e-4
_FEWEST: Final = 2


class GrooveView:
    """Draws what it was given last."""

    def __init__(self) -> None:
        self.engine = Message("", "")
        self.latency: Latency | None = None
        self.state = ""
        """Of the grid's source."""
        self.groove: Groove | None = None
        """The last hits as they were when the grid was last found."""
        self.lean: Lean | None = None
        """The last hits on that grid, up to now."""
        self.divergence: Divergence | None = None
        """Of those hits from the reference's sound, where there is one."""
        self.waiting = "listening"
        """What there is no groove for yet."""
        self.hits, self.seconds = 0, 0.0
        self.peak, self.lost_blocks = 0.0, 0
        self._news: deque[str] = deque(maxlen=_NEWS)

    def tell(self, text: str) -> None:
        """Add a line at the bottom."""
        self._news.append(text)

    def __rich__(self) -> RenderableType:
        return Group(
            self._header(),
            Panel(self._lanes(), title=self._title(), title_align="left", border_style="cyan", expand=False),
            self._footer(),
            *(Text(f"  {line}", style="yellow") for line in self._news),
        )

    def _header(self) -> Text:
        text = Text(" つまみ groove ", style="bold reverse")
        text.append(f"  {int(self.seconds // 60)}:{self.seconds % 60:04.1f}  ", style="")
        text.append(self.engine.input, style="bold cyan")
        if self.latency is not None:
            text.append(f"\n {self.latency}", style="dim")
        if self.state:
            text.append(f"\n {self.state}", style="bold")
        return text

    def _title(self) -> str:
        if self.groove is None:
            return self.waiting
        grid = self.groove.lean.grid
        feel = f"{feel_of(grid)} ({grid.confidence:.2f} sure)"
        beats = "" if grid.knows_time else f", beats {grid.beat_confidence:.2f} sure"
        return f"{grid.bpm:.2f} bpm ({grid.source}), {feel}{beats}"

    def _lanes(self) -> Table:
        table = Table.grid(padding=(0, 1))
        table.add_column(min_width=5)
        table.add_column(min_width=_CELLS)
        for _ in _FIGURES:
            table.add_column(justify="right", min_width=7)
        half = _CELLS // 2
        scale = f"{f'early {STRIP_MS:g} ms':<{half}}│{f'{STRIP_MS:g} ms late':>{half}}"
        table.add_row("", *(Text(heading, style="dim") for heading in (scale, *_FIGURES)))
        for number, lane in enumerate(LANES):
            table.add_row(Text(lane, style="bold"), *self._lane(number))
        if self.divergence is not None:
            table.add_row(Text("KL", style="bold"), *_kl(self.divergence))
        return table

    def _lane(self, number: int) -> tuple[Text, ...]:
        """The strip of a lane's last hits, the newest as a dot, then their bias, spread and level."""
        own = np.zeros(0, np.int64)
        if self.lean is not None:
            own = np.flatnonzero(self.lean.lanes == number)[-_SHOWN:]
        if self.lean is None or not len(own):
            return (Text("".join(strip_of(np.zeros(0), _CELLS)), style="dim"), *(Text("") for _ in _FIGURES))
        late_ms = self.lean.deviation_ms[own]
        strip = Text("".join(strip_of(late_ms, _CELLS)), style="dim")
        newest = float(late_ms[-1])
        cell = min(max(cell_of(newest, _CELLS), 0), _CELLS - 1)
        strip = Text.assemble(strip[:cell], ("●", _style(newest)), strip[cell + 1 :])
        spread = f"{spread_of(late_ms):.1f}" if len(own) >= _FEWEST else ""
        level = float(np.median(self.lean.strength_db[own]))
        return strip, Text(f"{bias_of(late_ms):+.1f}"), Text(spread), Text(f"{level:.1f}")

    def _footer(self) -> Text:
        text = Text(f" {self.hits} hits", style="bold")
        level = f"{decibels(self.peak):.0f} dBFS" if self.peak > _SILENT else "silent"
        text.append(f"   input {level}", style="red" if self.peak >= 1.0 else "dim")
        if self.lost_blocks:
            text.append(f"   {self.lost_blocks} blocks lost", style="bold red")
        if self.lean is not None and len(self.lean.seconds):
            if self.lean.grid.knows_time:
                text.append(f"   all {signed(bias_of(self.lean.deviation_ms))}", style="bold")
            text.append("\n")
            for index in range(len(self.lean.seconds))[-_LATEST:]:
                late_ms = float(self.lean.deviation_ms[index])
                text.append(f" {LANES[self.lean.lanes[index]]} ", style="dim")
                text.append(f"{late_ms:+.1f} ", style=_style(late_ms))
                text.append(f"({self.lean.confidence[index]:.2f})", style="dim")
        return text


def _style(late_ms: float) -> str:
    """Green on the grid, yellow near it, red far from it."""
    off = abs(late_ms)
    return "bold green" if off <= _CLOSE_MS else "bold yellow" if off <= _NEAR_MS else "bold red"


def _kl(divergence: Divergence) -> tuple[Text, ...]:
    """The last two seconds of the curve, and the last hit's nats."""
    levels = divergence.level_db[-_CELLS:]
    shares = np.clip((levels - _KL_FLOOR_DB) / (_KL_CEILING_DB - _KL_FLOOR_DB), 0.0, 1.0)
    strip = "".join(_BARS[round(float(share) * (len(_BARS) - 1))] for share in shares)
    known = divergence.at_hits[np.isfinite(divergence.at_hits)]
    nats = Text(f"{known[-1]:.1f}" if len(known) else "")
    return Text(strip, style="magenta"), nats, Text("nats", style="dim")
