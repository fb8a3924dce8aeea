"""How exactly drums are heard: renders of played performances with exact truth, beside aubio.

The pieces are the validation split of the Groove MIDI data set, each up to a minute, played with the drum kit
of the data (`tsumami.training.groove.performances` says what their truth is); the detector has learned from
the train split alone. Known offsets are put on programmed twins at 96 bpm.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.onset_peers import Setting, best_setting, check_aubio
from tsumami.bridge.bench.onset_peers import onsets as aubio_onsets
from tsumami.bridge.bench.report import Report, Row
from tsumami.engine.errors import SoundError
from tsumami.engine.groove import LANES, even_grid, find_hits, given_tempo, lean, tracked_tempo
from tsumami.engine.groove.detector import Hits
from tsumami.engine.groove.deviation import bias_of
from tsumami.engine.groove.feel import straight

if TYPE_CHECKING:
    from tsumami.training.groove.hit_scores import Count, Score
    from tsumami.training.groove.performances import Performance, Rendered

_RATE: Final = 48_000
_BLOCK: Final = 64
_PIECES: Final = 24
_SECONDS: Final = 60.0
_TUNED_ON: Final = 5
_TUNED_SECONDS: Final = 15.0
_OFFSETS_MS: Final = (-40, -20, -10, -5, 5, 10, 20, 40)
_OFFSET_SECONDS: Final = 16.0
_OFFSET_BPM: Final = 96.0
_OTHER_KITS: Final = Path("/usr/share/hydrogen/data/drumkits")
_SAME_TEMPO: Final = 0.02


def run(data: Path | None = None, pieces: int = _PIECES) -> Report:
    """Hear the first ``pieces`` performances of the validation split in folder ``data``.

    Raises `SoundError` without one, `ParameterError` without aubio.
    """
    from tsumami.training.groove.drum_kit import read_drum_kit
    from tsumami.training.groove.performances import list_performances, read_performance, render

    if data is None:
        raise SoundError("data must be a folder with groove_midi and drum_kit, got none; --data FOLDER")
    check_aubio()
    paths = list_performances(data, "validation")[:pieces]
    kit = read_drum_kit(data / "drum_kit", _RATE)
    performances = [read_performance(path).between(0.0, _SECONDS) for path in paths]
    rendered = [render(performance, kit) for performance in _shown(performances, "rendering")]
    heard, load = _hear(rendered, "hearing")
    scores = _scores(rendered, heard)
    peer = _best_aubio(data, kit)
    rows = [
        *_onset_rows(scores, rendered, peer),
        *_lane_rows(scores, ""),
        *_time_rows(scores),
        Row("time taken at 64-frame blocks, of one core", 100.0 * load, "%"),
        *_offset_rows(performances, kit),
        *_grid_rows(rendered, heard),
        *_other_kit_rows(performances),
    ]
    hits = sum(len(one.hits) for one in rendered)
    seconds = sum(len(one.audio) for one in rendered) / _RATE
    note = (
        f"{len(rendered)} pieces, {seconds / 60:.0f} minutes, {hits:,} hits. {peer} is the best of its "
        f"settings on {_TUNED_ON} pieces of the train split, its constant bias taken off."
    )
    return Report("groove-hits", rows, [note])


def _shown(items: Sequence[Any], what: str) -> Any:
    return track(items, what, console=Console(stderr=True))


def _hear(rendered: "Sequence[Rendered]", what: str) -> tuple[list[Hits], float]:
    """The hits of each, and the time that it took, for a second of sound."""
    find_hits(np.zeros(_RATE, np.float32), _RATE, _BLOCK)
    heard, took, seconds = [], 0.0, 0.0
    for one in _shown(rendered, what):
        began = time.process_time()
        heard.append(find_hits(one.audio, _RATE, _BLOCK))
        took += time.process_time() - began
        seconds += len(one.audio) / _RATE
    return heard, took / seconds


def _scores(rendered: "Sequence[Rendered]", heard: Sequence[Hits]) -> "list[Score]":
    from tsumami.training.groove.hit_scores import score

    return [score(one.hits, hits, _RATE) for one, hits in zip(rendered, heard, strict=True)]


def _best_aubio(data: Path, kit: Any) -> Setting:
    from tsumami.training.groove.hit_scores import count, match_times, onset_times
    from tsumami.training.groove.performances import list_performances, read_performance, render

    paths = list_performances(data, "train")
    chosen = [paths[index * len(paths) // _TUNED_ON] for index in range(_TUNED_ON)]
    sounds = []
    for path in chosen:
        one = render(read_performance(path).between(0.0, _TUNED_SECONDS), kit)
        sounds.append((one.audio, onset_times(one.hits["time_seconds"])))

    def off(true: Any, found: Any) -> Any:
        pairs = match_times(true, found, 0.05)
        return found[pairs[:, 1]] - true[pairs[:, 0]]

    return best_setting(sounds, _RATE, lambda true, found: count(true, found, 10.0).f, off)


def _onset_rows(scores: "Sequence[Score]", rendered: "Sequence[Rendered]", peer: Setting) -> Iterator[Row]:
    from tsumami.training.groove.hit_scores import WINDOWS_MS, Count, count, match_times, onset_times

    found = [aubio_onsets(one.audio, _RATE, peer) for one in _shown(rendered, "aubio")]
    true = [onset_times(one.hits["time_seconds"]) for one in rendered]
    pairs = list(zip(true, found, strict=True))
    for window in WINDOWS_MS:
        ours, theirs = [one.plain[window] for one in scores], [count(*pair, window) for pair in pairs]
        what = f"onsets: F within {window:g} ms"
        for how, f, peer_f in (
            ("mean of pieces", _mean_f(ours), _mean_f(theirs)),
            ("all together", sum(ours, Count()).f, sum(theirs, Count()).f),
        ):
            yield Row(f"{what}, {how}", f, "", str(peer), peer_f, f / peer_f)
    wide = [(t, f, match_times(t, f, WINDOWS_MS[-1] / 1000.0)) for t, f in pairs]
    errors = np.concatenate([1000.0 * (f[match[:, 1]] - t[match[:, 0]]) for t, f, match in wide])
    own = np.concatenate([one.errors_ms for one in scores])
    what = f"times of onsets within {WINDOWS_MS[-1]:g} ms: spread about their mean"
    yield Row.lower_is_better(what, float(own.std()), "ms", str(peer), float(errors.std()))
    what = f"times of onsets within {WINDOWS_MS[-1]:g} ms: middle error"
    middle = float(np.median(np.abs(own)))
    yield Row.lower_is_better(what, middle, "ms", str(peer), float(np.median(np.abs(errors))))
    close = own[np.abs(own) <= 10.0]
    yield Row("times of onsets within 10 ms: spread about their mean", float(close.std()), "ms")


def _mean_f(counts: "Sequence[Count]") -> float:
    return float(np.mean([one.f for one in counts]))


def _lane_rows(scores: "Sequence[Score]", where: str) -> Iterator[Row]:
    from tsumami.training.groove.hit_scores import Count

    for lane in LANES[:-1]:
        total = sum((one.lanes[lane] for one in scores), Count())
        yield Row(f"{where}{lane}: F within 10 ms", total.f, "")
        yield Row(f"{where}{lane}: precision", total.precision, "")
        yield Row(f"{where}{lane}: recall", total.recall, "")
        errors = np.concatenate([one.lane_errors_ms[lane] for one in scores])
        if len(errors):
            yield Row(f"{where}{lane}: bias of its times", float(np.median(errors)), "ms")
    ghosts = sum((one.ghosts for one in scores), Count())
    yield Row(f"{where}ghost notes (velocity < 50): recall", ghosts.recall, "")
    in_lane = sum((one.ghosts_in_lane for one in scores), Count())
    yield Row(f"{where}ghost notes: recall in their lane, masked ones too", in_lane.recall, "")


def _time_rows(scores: "Sequence[Score]") -> Iterator[Row]:
    delays = np.concatenate([one.delays_ms for one in scores])
    yield Row("report after the hit at 64-frame blocks, median", float(np.median(delays)), "ms")
    yield Row("report after the hit at 64-frame blocks, p95", float(np.percentile(delays, 95)), "ms")


def _offset_rows(performances: "Sequence[Performance]", kit: Any) -> Iterator[Row]:
    """How far off a known offset of all hits is measured on a known grid."""
    from tsumami.training.groove.performances import render

    errors: dict[int, list[float]] = {offset: [] for offset in _OFFSETS_MS}
    for performance in _shown(performances, "offsets"):
        short = performance.at_bpm(_OFFSET_BPM).programmed().between(0.0, _OFFSET_SECONDS)
        if len(short.hits) < len(_OFFSETS_MS):
            continue
        for offset in _OFFSETS_MS:
            one = render(short.moved(offset), kit)
            grid = even_grid(_OFFSET_BPM, one.first_beat_seconds, 64, straight(), "reference")
            late = lean(find_hits(one.audio, _RATE, _BLOCK), _RATE, grid).deviation_ms
            errors[offset].append(bias_of(late) - offset)
    for offset in _OFFSETS_MS:
        mean = float(np.mean(np.abs(errors[offset])))
        yield Row(f"known offset of {offset:+d} ms: error of the bias, mean over pieces", mean, "ms")


def _grid_rows(rendered: "Sequence[Rendered]", heard: Sequence[Hits]) -> Iterator[Row]:
    """Whether tempo and beats are found from the hits that were heard."""
    has_beats, has_tempo, has_both = [], [], []
    for one, hits in zip(_shown(rendered, "grids"), heard, strict=True):
        times, lanes = np.asarray(hits["sample"] / _RATE), np.array(hits["lane"])
        has_beats.append(_on_beat(given_tempo(times, lanes, one.bpm).beat_seconds, one))
        tracked = tracked_tempo(times, lanes)
        has_tempo.append(abs(tracked.bpm / one.bpm - 1.0) < _SAME_TEMPO)
        has_both.append(has_tempo[-1] and _on_beat(tracked.beat_seconds, one))
    yield Row("grid: pieces whose beats are found, tempo given", float(np.mean(has_beats)), "")
    yield Row("grid: pieces whose tempo is found to 2 %", float(np.mean(has_tempo)), "")
    yield Row("grid: pieces whose tempo and beats are found", float(np.mean(has_both)), "")


def _on_beat(beats: Any, one: "Rendered") -> bool:
    """Whether the middle beat lies within an eighth of a beat of a true one."""
    places = (beats - one.first_beat_seconds) * one.bpm / 60.0
    return bool(np.median(np.abs(places - np.rint(places))) < 0.125)


def _other_kit_rows(performances: "Sequence[Performance]") -> Iterator[Row]:
    """The same with a kit of which nothing was learned, where Debian's hydrogen-data is installed."""
    from tsumami.training.groove.hit_scores import WINDOWS_MS, Count
    from tsumami.training.groove.hydrogen_kit import UNHEARD_KIT, read_hydrogen_kit
    from tsumami.training.groove.performances import render

    if not (_OTHER_KITS / UNHEARD_KIT).is_dir():
        return
    kit = read_hydrogen_kit(_OTHER_KITS / UNHEARD_KIT, _RATE)
    rendered = [render(performance, kit) for performance in performances]
    scores = _scores(rendered, _hear(rendered, UNHEARD_KIT)[0])
    where = f"unheard kit {UNHEARD_KIT}: "
    for window in WINDOWS_MS:
        counts = [one.plain[window] for one in scores]
        yield Row(f"{where}F within {window:g} ms, mean of pieces", _mean_f(counts), "")
        yield Row(f"{where}F within {window:g} ms, all together", sum(counts, Count()).f, "")
    yield from _lane_rows(scores, where)
