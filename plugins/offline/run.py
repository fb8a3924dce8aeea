"""`render_presets`: from presets to a data set, in parallel, going on where an earlier run stopped."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import RenderError, TsumamiError
from tsumami.plugins.offline.batch import Batch, Result, render_batch, render_floor
from tsumami.plugins.offline.data_set import explained, open_data_set
from tsumami.plugins.offline.document import document_of
from tsumami.plugins.offline.entries import Entries, Entry, entries_of, read_all
from tsumami.plugins.offline.executors import KEPT, Crew, open_crew
from tsumami.plugins.offline.flags import NO_SOUND, Flag, count_flags, mark_duplicates
from tsumami.plugins.offline.floor import PATCHES, Floor
from tsumami.plugins.offline.instruments import find_instrument
from tsumami.plugins.offline.messages import Instrument, Ready
from tsumami.plugins.offline.report import RenderReport, Trouble
from tsumami.plugins.offline.score import score_of
from tsumami.plugins.offline.settings import RenderSettings
from tsumami.plugins.presets.preset import Preset

_CHECK_SECONDS = 1.0
_BATCHES_AHEAD = 2

Progress = Callable[[int, int], object]
"""Told how many patches are done, and of how many."""


def render_presets(
    instrument: str | Path,
    presets: Iterable[str | Path | Preset],
    output: str | Path,
    *,
    settings: RenderSettings | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Progress = lambda _done, _of: None,
) -> RenderReport:
    """Render every preset of files, banks and folders, or presets as they are, into a data set.

    ``instrument`` is a VST2 or VST3 plugin's file, or ``"builtin"``; ``output`` a path or URL that ends
    with ``.zarr``, or else a folder for WAV files. It is done by ``workers`` processes (one a core by
    default) or by the Dask cluster at the address ``cluster``; the data set is the same, bit for bit.
    A run that was stopped is gone on with. Raises a `TsumamiError` for what cannot be used; nothing is lost.
    """
    settings = settings or RenderSettings()
    broken: list[str] = []
    found = read_all(presets, lambda error: broken.append(str(error)))
    player, ready = find_instrument(instrument, settings)
    entries = entries_of(found, player, ready)
    with open_crew(workers, cluster) as crew, explained(str(output)):
        run = Run(player, ready, settings, entries, str(output))
        began = time.perf_counter()
        rendered = run.render(crew, progress)
        took = time.perf_counter() - began
        run.finish(crew)
        return run.report(crew, rendered, took, broken)


class Run:
    """One data set on its way."""

    def __init__(
        self, instrument: Instrument, ready: Ready, settings: RenderSettings, entries: Entries, place: str
    ) -> None:
        self._instrument, self._ready, self._settings = instrument, ready, settings
        self._entries = entries
        self._frames = score_of(settings).frames
        rows = entries.rows
        document = document_of(instrument, ready, settings, rows, self._frames)
        self.data_set = open_data_set(place, document, rows, ready.parameters, self._frames)
        self._batch: int = document["batch"]

    def render(self, crew: Crew, progress: Progress) -> int:
        """Render what is missing; how many patches that were."""
        total = len(self._entries.rows)
        is_pending = (self.data_set.flags & np.uint16(Flag.PENDING)) != 0
        firsts = [row for row in range(0, total, self._batch) if is_pending[row : row + self._batch].any()]
        rendered = sum(min(self._batch, total - first) for first in firsts)
        done = total - rendered
        progress(done, total)
        for first, results in self._results(crew, firsts):
            self.data_set.write(first, results)
            done += len(results)
            progress(done, total)
        return rendered

    def finish(self, crew: Crew) -> None:
        """Measure the floor and mark duplicates, unless an earlier run has."""
        if "floor" in self.data_set.document:
            return
        flags = self.data_set.flags
        floor = self._floor(crew, flags)
        keys = [entry.key for entry in self._entries.rows]
        marked, same_as = mark_duplicates(flags, keys, self.data_set.hashes)
        facts = {"floor": floor and asdict(floor), "flags": count_flags(marked)}
        self.data_set.finish(marked, same_as, facts)

    def report(self, crew: Crew, rendered: int, seconds: float, broken: Sequence[str]) -> RenderReport:
        """The outcome."""
        document, flags = self.data_set.document, self.data_set.flags
        length = self._frames / self._settings.sample_rate
        return RenderReport(
            output=self.data_set.place,
            instrument=self._instrument.name,
            method=self._ready.method,
            workers=crew.size,
            patches=len(flags),
            rendered=rendered,
            seconds=seconds,
            per_second=rendered / seconds,
            times_real_time=rendered * length / seconds,
            floor=Floor(**document["floor"]) if document["floor"] else None,
            flags=count_flags(flags),
            troubles=tuple(_troubles(self._entries.rows, flags)),
            unknown=dict(self._entries.unknown),
            refused=dict(self._entries.refused),
            broken=tuple(broken),
        )

    def _results(self, crew: Crew, firsts: Sequence[int]) -> Iterator[tuple[int, list[Result]]]:
        """Batches as they are done. Only so many are out at a time, so that memory stays flat."""
        waiting = iter(firsts)
        out: dict[Future[list[Result]], int] = {}
        while True:
            while len(out) < crew.size * _BATCHES_AHEAD and (first := next(waiting, None)) is not None:
                out[crew.executor.submit(render_batch, self._make_batch(first))] = first
            if not out:
                return
            done, _ = wait(out, timeout=_CHECK_SECONDS, return_when=FIRST_COMPLETED)
            if not done:
                crew.check()
            for future in done:
                yield out.pop(future), _outcome(future, crew)

    def _make_batch(self, first: int) -> Batch:
        rows = self._entries.rows[first : first + self._batch]
        return Batch(self._instrument, self._settings, [entry.sound for entry in rows])

    def _floor(self, crew: Crew, flags: npt.NDArray[np.uint16]) -> Floor | None:
        """Render some patches that have a sound twice, spread over the set."""
        good = np.flatnonzero((flags & np.uint16(NO_SOUND | Flag.SILENT)) == 0)
        if not len(good):
            return None
        picked = good[np.unique(np.linspace(0, len(good) - 1, PATCHES).round().astype(int))]
        sounds = [self._entries.rows[row].sound for row in picked.tolist()]
        future = crew.executor.submit(render_floor, Batch(self._instrument, self._settings, sounds))
        while not wait([future], timeout=_CHECK_SECONDS).done:
            crew.check()
        return _outcome(future, crew)


_T = TypeVar("_T")


def _outcome(future: "Future[_T]", crew: Crew) -> _T:
    """What a future has brought; a cluster that has given it up is one line."""
    try:
        return future.result()
    except (TsumamiError, KeyboardInterrupt):
        raise
    except (CancelledError, Exception) as error:
        crew.check()
        reason = " ".join(str(error).split())[:160]
        raise RenderError(f"workers must stay up, got {type(error).__name__} ({reason}); {KEPT}") from error


def _troubles(rows: Sequence[Entry], flags: npt.NDArray[np.uint16]) -> Iterator[Trouble]:
    for row in np.flatnonzero(flags & np.uint16(NO_SOUND)).tolist():
        why = str((Flag(int(flags[row])) & NO_SOUND).name).lower().replace("_", " ")
        yield Trouble(row, rows[row].preset.name, rows[row].preset.source, why)
