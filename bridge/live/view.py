"""The terminal view of a live session: levels, knobs, what moved, load, misses, latency."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tsumami.bridge.live.moves import Moves
from tsumami.bridge.live.summary import decibels, load_percent
from tsumami.engine.config import Message
from tsumami.engine.errors import SessionError
from tsumami.engine.meter_block import STAGES, MeterBlock
from tsumami.engine.parameter import Parameter

_FLOOR_DBFS = -60.0
_KNOB_WIDTH = 24
_PICTURE_WIDTH = 118
_NEWS = 4


class LiveView:
    """Renders the meter block; holds no state of its own but the last few messages."""

    def __init__(
        self,
        meters: MeterBlock,
        moves: Moves,
        parameters: Sequence[Parameter],
        *,
        block_size: int,
        sample_rate: int,
    ) -> None:
        self._meters, self._moves = meters, moves
        self._parameters = parameters
        self._block_size, self._sample_rate = block_size, sample_rate
        self._news: deque[str] = deque(maxlen=_NEWS)
        self.engine = Message("", "")
        self.source = ""
        self.knobs: Sequence[tuple[str, int]] = ()
        """Instead of macros, where there are none: what knobs are called, and the parameters they move."""
        self.plugins: Callable[[], list[dict[str, Any]]] = list
        """What went wrong with each hosted plugin so far."""
        self.patch = ""
        self.tempo = ""
        """What is to be said of the tempo."""
        self.has_input = False
        self.has_repair = False

    def tell(self, text: str) -> None:
        """Add a line to the messages at the bottom."""
        self._news.append(text)

    def __rich__(self) -> RenderableType:
        return Group(
            self._header(),
            Columns([*self._knob_panel(), self._level_panel()], padding=(0, 1)),
            self._parameter_panel(),
            *(Text(f"  {line}", style="yellow") for line in self._news),
        )

    def _header(self) -> Text:
        seconds = float(self._meters["sample"]) / self._sample_rate
        total = (self.engine.latency_seconds + self._block_size / self._sample_rate) * 1e3
        text = Text()
        text.append(" つまみ tsumami ", style="bold reverse")
        text.append(f"  {self.patch}", style="bold cyan")
        text.append(f"  {int(seconds // 60)}:{seconds % 60:04.1f}  {self.source}")
        text.append(f"  {self.tempo}" if self.tempo else "", style="bold")
        text.append(
            f"\n {self.engine.device}, {self._sample_rate / 1000:g} kHz, {self._block_size} frames, "
            f"{total:.1f} ms to the converter",
            style="dim",
        )
        if self.engine.input:
            text.append(
                f", {self.engine.input_latency_seconds * 1e3:.1f} ms from {self.engine.input}", style="dim"
            )
        return text

    def _knob_panel(self) -> list[Panel]:
        """The macros, or the parameters that knobs move; nothing where no knob moves anything."""
        table = Table.grid(padding=(0, 1))
        for macro, position in zip(self.engine.macros, self._meters["macros"], strict=False):
            table.add_row(
                Text(macro.low, style="dim", justify="right"),
                _knob(float(position)),
                Text(macro.high, style="bold"),
            )
        for name, row in () if self.engine.macros else self.knobs:
            position = float(self._meters["parameters"][row])
            table.add_row(
                Text(name, style="dim", justify="right"),
                _knob(position),
                Text(self._parameters[row].name, style="bold"),
            )
        title = "macros" if self.engine.macros else "knobs"
        return [Panel(table, title=title, title_align="left", border_style="cyan")] if table.rows else []

    def _level_panel(self) -> Panel:
        levels = Table.grid(padding=(0, 1))
        for channel, name in enumerate("LR"):
            peak = decibels(float(self._meters["peak_now"][channel]))
            rms = decibels(float(self._meters["mean_square_now"][channel]) ** 0.5)
            levels.add_row(name, _level(peak), f"{max(rms, _FLOOR_DBFS):6.1f} dB rms")
        if self.has_input:
            lost = int(self._meters["input_lost"])
            peak = decibels(float(self._meters["input_peak_now"].max()))
            levels.add_row("in", _level(peak), Text(f"{lost:6} lost", style="bold red" if lost else ""))
        repair = [self._repair()] if self.has_repair else []
        return Panel(
            Group(levels, *repair, self._load_table(), self._counts()),
            title="output",
            title_align="left",
            border_style="cyan",
        )

    def _repair(self) -> Text:
        """What was missing of the input and was continued."""
        continued, longest, age = (
            float(self._meters[f"repair_{field}"]) / self._sample_rate * 1e3
            for field in ("samples", "longest_samples", "fit_age_samples")
        )
        gaps, late = int(self._meters["repair_gaps"]), int(self._meters["repair_late"])
        text = Text("repaired ", style="dim")
        text.append(f"{gaps} gaps  {continued:.0f} ms", style="bold yellow" if gaps else "")
        text.append(f"  longest {longest:.1f} ms, fit {age:.1f} ms old, {late} late", style="dim")
        return text

    def _load_table(self) -> Table:
        """Each stage's load in percent of a block; red when it has passed a whole one."""
        table = Table.grid(padding=(0, 2))
        table.add_column(min_width=12)
        for _ in range(3):
            table.add_column(justify="right", min_width=6)
        table.add_row(
            *(Text(heading, style="dim") for heading in ("load, % of block", "p50", "p99", "p99.9"))
        )
        block_ns = self._block_size / self._sample_rate * 1e9
        for name, histogram in zip(STAGES, self._meters["load"], strict=True):
            if name == "input" and not self.has_input:
                continue
            load = load_percent(histogram, block_ns)
            style = "bold red" if load["p99.9"] > 100 else ""
            table.add_row(name, *(Text(f"{value:.1f}", style=style) for value in load.values()))
        return table

    def _counts(self) -> Text:
        text = Text()
        for label, field in (
            ("missed", "missed"),
            ("overruns", "overruns"),
            ("late", "late_inference"),
            ("clipped", "clipped"),
            ("nan", "non_finite"),
        ):
            count = int(self._meters[field])
            text.append(f"{label} ", style="dim")
            text.append(f"{count}  ", style="bold red" if count and field != "clipped" else "")
        for counts in self.plugins():
            text.append(f"\n{counts['plugin']}  ", style="bold")
            if counts["off"]:
                text.append(f"off: {counts['off']}", style="bold red")
                continue
            for label in ("late", "refused", "restarts"):
                text.append(f"{label} ", style="dim")
                text.append(f"{counts[label]}  ", style="bold red" if counts[label] else "")
        return text

    def _parameter_panel(self) -> Panel:
        table = Table.grid(padding=(0, 2))
        cells: list[Any] = []
        for index in self._moves.fresh():
            position = float(self._meters["parameters"][index])
            parameter = self._parameters[index]
            cell = Text(f"{parameter.name:16}")
            cell.append(_small_bar(position), style="green")
            cell.append(f" {parameter.describe(position):12}")
            cells.append(cell)
        for start in range(0, len(cells), 2):
            table.add_row(*cells[start : start + 2])
        if not cells:
            table.add_row(Text("turn a knob", style="dim"))
        return Panel(table, title="parameters that moved", title_align="left", border_style="cyan")


def save_picture(view: LiveView, path: Path) -> None:
    """Draw the view as it is now to an SVG file; SessionError when it cannot be written."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=_PICTURE_WIDTH, file=nowhere, force_terminal=True)
        console.print(view)
    try:
        console.save_svg(str(path), title="tsumami live")
    except OSError as error:
        raise SessionError(f"picture must be a file that can be written, got {path} ({error})") from error


def _knob(position: float) -> Text:
    """A slider whose mark stands at a position 0-1."""
    mark = round(min(max(position, 0.0), 1.0) * (_KNOB_WIDTH - 1))
    text = Text("─" * mark, style="cyan")
    text.append("●", style="bold white")
    text.append("─" * (_KNOB_WIDTH - 1 - mark), style="dim")
    return text


def _small_bar(position: float) -> str:
    """Eight cells of bar, to an eighth of a cell."""
    eighths = round(min(max(position, 0.0), 1.0) * 64)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(8)


def _level(peak_dbfs: float) -> ProgressBar:
    """A level bar from -60 to 0 dBFS."""
    done = min(max(peak_dbfs - _FLOOR_DBFS, 0.0), -_FLOOR_DBFS)
    colour = "red" if peak_dbfs > -1 else "yellow" if peak_dbfs > -9 else "green"
    return ProgressBar(
        total=-_FLOOR_DBFS, completed=done, width=26, complete_style=colour, finished_style="red"
    )
