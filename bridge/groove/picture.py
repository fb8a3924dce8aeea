"""A groove on one page: every hit left or right of its grid line, lanes, positions, bars and dynamics."""

from typing import Any, Final

import numpy as np

from tsumami.bridge.groove.analysis import Groove
from tsumami.bridge.groove.divergence import STEP_SECONDS, Divergence
from tsumami.bridge.groove.report import feel_of, signed
from tsumami.engine.groove import LANES, Lean
from tsumami.engine.groove import summary as summary_of
from tsumami.plugins.match.drawing import FAINT, INK, plain, png_of

_COLOURS: Final = {
    "kick": "#3a7ca5",
    "snare": "#e4572e",
    "hat": "#7a9e3f",
    "tom": "#9b5fa8",
    "other": "#8a8f98",
}
_FEWEST: Final = 4
_LEAST_MS: Final = 20.0
_MOST_MS: Final = 80.0


def draw_groove(groove: Groove) -> bytes:
    """The PNG of a page; matplotlib must be installed (`tsumami.plugins.match.picture.check_drawing`)."""
    from matplotlib.figure import Figure

    figures, leaning = summary_of(groove.lean), groove.lean
    divergence = groove.divergence
    heights = (1.35, 1.0, 1.0) if divergence is None else (1.35, 1.0, 1.0, 0.45)
    page = Figure(figsize=(11.0, 8.2 if divergence is None else 9.5), layout="constrained")
    grid = page.add_gridspec(len(heights), 2, height_ratios=heights)
    page.suptitle(
        f"{groove.recording.name}\n{_headline(groove, figures)}",
        x=0.02, ha="left", fontsize=11, color=INK, parse_math=False,
    )  # fmt: skip
    reach = _reach_ms(leaning)
    time = page.add_subplot(grid[0, :])
    _draw_time(time, leaning, reach)
    _draw_lanes(page.add_subplot(grid[1, 0]), leaning, figures, reach)
    _draw_positions(page.add_subplot(grid[1, 1]), leaning, figures, reach)
    _draw_bars(page.add_subplot(grid[2, 0]), figures)
    _draw_dynamics(page.add_subplot(grid[2, 1]), leaning)
    if divergence is not None:
        _draw_divergence(page.add_subplot(grid[3, :], sharex=time), divergence, leaning)
    return png_of(page)


def _headline(groove: Groove, figures: dict[str, Any]) -> str:
    grid = groove.lean.grid
    parts = [f"{grid.bpm:.2f} bpm ({grid.source})", f"{feel_of(grid)} ({grid.confidence:.2f} sure)"]
    parts.append(f"{figures['hits']} hits, {figures['ghost_notes']} ghost notes")
    bias, spread, swing = figures["bias_ms"], figures["spread_ms"], figures["swing_ratio"]
    parts += [] if bias is None else [f"bias {signed(bias)}"]
    parts += [] if spread is None else [f"spread {spread:.1f} ms"]
    parts += [] if swing is None else [f"swing {swing:.2f} : 1"]
    return "   ".join(parts)


def _reach_ms(leaning: Lean) -> float:
    """The deviation up to which the page shows hits."""
    return float(np.clip(1.2 * np.percentile(np.abs(leaning.deviation_ms), 97), _LEAST_MS, _MOST_MS))


def _present(leaning: Lean) -> list[int]:
    return [lane for lane in range(len(LANES)) if (leaning.lanes == lane).any()]


def _draw_time(axes: Any, leaning: Lean, reach: float) -> None:
    """Deviation over time; louder hits are larger, ghost notes hollow."""
    softest, loudest = np.percentile(leaning.strength_db, (5, 95))
    size = 6.0 + 30.0 * np.clip((leaning.strength_db - softest) / max(loudest - softest, 6.0), 0.0, 1.0)
    for lane in _present(leaning):
        colour = _COLOURS[LANES[lane]]
        for ghosts, face in ((False, colour), (True, "none")):
            chosen = (leaning.lanes == lane) & (leaning.is_ghost == ghosts)
            axes.scatter(
                leaning.seconds[chosen], leaning.deviation_ms[chosen], s=size[chosen], facecolor=face,
                edgecolor=colour, linewidth=0.7, alpha=0.75, label=None if ghosts else LANES[lane],
            )  # fmt: skip
    axes.set_ylim(-reach, reach)
    span = float(np.ptp(leaning.seconds))
    axes.set_xlim(leaning.seconds.min() - 0.02 * span - 0.1, leaning.seconds.max() + 0.02 * span + 0.1)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=5, frameon=False, fontsize=8, handletextpad=0.1
    )
    _finish(axes, "every hit", "seconds", "ms: early below, late above")
    axes.axhline(0.0, color=INK, linewidth=0.8, zorder=0)


def _draw_lanes(axes: Any, leaning: Lean, figures: dict[str, Any], reach: float) -> None:
    """How many hits of each lane are how late."""
    edges = np.linspace(-reach, reach, 49)
    lanes = _present(leaning)
    for row, lane in enumerate(reversed(lanes)):
        late = leaning.deviation_ms[leaning.lanes == lane]
        counts, _ = np.histogram(late, edges)
        heights = 0.82 * counts / max(counts.max(), 1)
        colour = _COLOURS[LANES[lane]]
        axes.bar(edges[:-1], heights, np.diff(edges), bottom=row, align="edge", color=colour, linewidth=0)
        figure = figures["lanes"][LANES[lane]]
        axes.plot([figure["bias_ms"]] * 2, [row, row + 0.92], color=INK, linewidth=1.2)
        spread = "" if figure["spread_ms"] is None else f" ± {figure['spread_ms']:.1f}"
        axes.text(
            reach * 1.02, row + 0.3, f"{figure['bias_ms']:+.1f}{spread}", ha="left", fontsize=8, color=INK
        )
    axes.axvline(0.0, color=INK, linewidth=0.8, zorder=0)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(0.0, len(lanes) + 0.05)
    axes.set_yticks(np.arange(len(lanes)) + 0.4, [LANES[lane] for lane in reversed(lanes)])
    _finish(axes, "lanes: bias ± spread", "ms: early left, late right", "")
    axes.grid(axis="y", visible=False)


def _draw_positions(axes: Any, leaning: Lean, figures: dict[str, Any], reach: float) -> None:
    """Bias and spread by position of the beat, all hits and each lane."""
    lanes = [LANES[lane] for lane in _present(leaning)]
    width = 0.7 / len(lanes)
    for number, figure in enumerate(figures["positions"]):
        for order, lane in enumerate(lanes):
            own = figure["lanes"].get(lane)
            if own is not None and own["hits"] >= _FEWEST:
                place = number + (order - (len(lanes) - 1) / 2) * width
                axes.errorbar(
                    place, own["bias_ms"], own["spread_ms"], fmt="o", markersize=4.5, capsize=2.5,
                    color=_COLOURS[lane], linewidth=1.2,
                )  # fmt: skip
    axes.axhline(0.0, color=INK, linewidth=0.8, zorder=0)
    axes.set_ylim(-reach, reach)
    names = [f"{figure['position']:.2f}\n{figure['hits']} hits" for figure in figures["positions"]]
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.5, len(names) - 0.5)
    _finish(axes, "positions of the beat: bias ± spread", "", "ms")
    axes.grid(axis="x", visible=False)


def _draw_bars(axes: Any, figures: dict[str, Any]) -> None:
    """Spread by bar; the best and the worst are told."""
    bars = figures["bars"]
    colours = {figures["best_bar"]: _COLOURS["hat"], figures["worst_bar"]: _COLOURS["snare"]}
    axes.bar(
        [bar["bar"] for bar in bars],
        [bar["spread_ms"] for bar in bars],
        color=[colours.get(bar["bar"], FAINT) for bar in bars],
        width=0.8,
    )
    title = "bars: spread"
    if figures["best_bar"] is not None:
        title += f" (best {figures['best_bar']}, worst {figures['worst_bar']})"
    _finish(axes, title, "bar", "ms")
    axes.grid(axis="x", visible=False)
    axes.xaxis.get_major_locator().set_params(integer=True)


def _draw_dynamics(axes: Any, leaning: Lean) -> None:
    """Level of the hits by place in the bar."""
    grid = leaning.grid
    place = np.round((leaning.places + grid.first_beat) % grid.beats_in_bar, 3) % grid.beats_in_bar
    for lane in _present(leaning):
        chosen = leaning.lanes == lane
        steps = np.unique(place[chosen])
        middle = [np.median(leaning.strength_db[chosen & (place == step)]) for step in steps]
        colour = _COLOURS[LANES[lane]]
        axes.scatter(place[chosen], leaning.strength_db[chosen], s=5, color=colour, alpha=0.25, linewidth=0)
        axes.plot(steps, middle, "o-", markersize=3.5, linewidth=1.0, color=colour)
    axes.set_xticks(range(grid.beats_in_bar), [f"beat {beat + 1}" for beat in range(grid.beats_in_bar)])
    axes.set_xlim(-0.15, grid.beats_in_bar - 0.05)
    sure = "" if grid.bar_confidence >= 0.7 else f" (where bars begin is not sure: {grid.bar_confidence:.2f})"
    _finish(axes, f"dynamics in the bar{sure}", "", "dB")


def _draw_divergence(axes: Any, divergence: Divergence, leaning: Lean) -> None:
    """The curve over time, and the hits on it."""
    levels = divergence.level_db
    seconds = divergence.begins_seconds + (np.arange(len(levels)) + 0.5) * STEP_SECONDS
    axes.plot(seconds, levels, linewidth=0.7, color=FAINT)
    for lane in _present(leaning):
        chosen = (leaning.lanes == lane) & (divergence.at_hits > 0.0)
        nats = 10.0 * np.log10(divergence.at_hits[chosen])
        axes.scatter(leaning.seconds[chosen], nats, s=7, color=_COLOURS[LANES[lane]], linewidth=0)
    _finish(axes, "divergence from the reference's sound", "seconds", "dB about 1 nat")


def _finish(axes: Any, title: str, below: str, beside: str) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=INK, fontweight="bold")
    axes.set_xlabel(below, fontsize=8, color=INK)
    axes.set_ylabel(beside, fontsize=8, color=INK)
    axes.grid(color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    plain(axes)
