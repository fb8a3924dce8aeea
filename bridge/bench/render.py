"""Presets by the thousand: the rate of `tsumami render` beside DawDreamer's bare loop, and ways to be fresh.

The presets are those of amsynth's banks. Every case takes its turn in every round, so that whatever disturbs
one disturbs all.
"""

import contextlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.bare_dawdreamer import Task
from tsumami.bridge.bench.host_memory import HostMemory
from tsumami.bridge.bench.report import Report, Row
from tsumami.engine.errors import PluginError
from tsumami.plugins.offline import RenderSettings, render_presets
from tsumami.plugins.offline.floor import PATCHES, Floor, floor_of
from tsumami.plugins.offline.messages import Instrument, Method, Sound
from tsumami.plugins.offline.settings import Fresh
from tsumami.plugins.offline.worker import Worker
from tsumami.plugins.presets import Preset, read_presets

PLUGIN: Final = Path("/usr/lib/vst/amsynth_vst.so")
BANKS: Final = Path("/usr/share/amsynth/banks")
SETTINGS: Final = RenderSettings()
_INSTRUMENT: Final = Instrument(PLUGIN, "dawdreamer")
_PEER: Final = "DawDreamer's bare loop"
_WARM_PEER: Final = f"{_PEER}, with the warm-up"

_BARE_WAYS: Final = (
    ("reuse", "one instance for all"),
    ("restore", "state restored and 1 s of silence for each"),
    ("reload", "a new instance for each"),
)
"""Strategies of `tsumami.bridge.bench.bare_dawdreamer`."""

_CASES: Final = ("bare 1", "warm 1", "never 1", "patch 1", "bare 2", "never 2", "patch 2")
"""The bare loop or a policy of freshness, and how many processes."""

_HOST_WAYS: Final[tuple[tuple[Method, str], ...]] = (
    ("reuse", "one instance for all"),
    ("fork", "a fork for each"),
    ("reload", "a new instance for each"),
)


def run(presets: int | None = None, rounds: int = 2) -> Report:
    """Rates over ``presets`` of the banks (all by default), then 16 patches by each way to be fresh."""
    if not PLUGIN.is_file() or not BANKS.is_dir():
        raise PluginError(f"amsynth must be installed for this benchmark, got no {PLUGIN}")
    found = read_presets(BANKS)
    count = min(presets or len(found), len(found))
    picked = [found[row] for row in np.linspace(0, len(found) - 1, count).round().astype(int).tolist()]
    rates, memory = _rates(picked, rounds)
    some = [picked[row] for row in np.linspace(0, count - 1, PATCHES).round().astype(int).tolist()]
    rows = [*_rate_rows(rates), *memory.rows(), *_fresh_rows(some)]
    return Report("render", rows, _notes(count, rounds))


def _rates(picked: Sequence[Preset], rounds: int) -> tuple[dict[str, float], HostMemory]:
    """Patches a second of each case, over all rounds; memory is watched in the last of them."""
    seconds: dict[str, float] = dict.fromkeys(_CASES, 0.0)
    memory = HostMemory()
    turns = [(case, picked[part::rounds]) for part in range(rounds) for case in seconds]
    for case, part in track(turns, "rates", console=Console(stderr=True)):
        kind, _, workers = case.partition(" ")
        if kind in ("bare", "warm"):
            seconds[case] += _bare(part, int(workers), SETTINGS.warm_up_seconds * (kind == "warm"))
            continue
        with memory.watched() if case == "patch 2" else contextlib.nullcontext():
            seconds[case] += _command(part, "patch" if kind == "patch" else "never", int(workers))
    return {case: len(picked) / took for case, took in seconds.items()}, memory


def _command(presets: Sequence[Preset], fresh: Fresh, workers: int) -> float:
    """Seconds that a data set of ``presets`` takes."""
    settings = replace(SETTINGS, fresh=fresh)
    with tempfile.TemporaryDirectory() as folder:
        report = render_presets(PLUGIN, presets, Path(folder, "set.zarr"), settings=settings, workers=workers)
    return report.seconds


def _bare(presets: Sequence[Preset], processes: int, warm_up_seconds: float) -> float:
    """Seconds of the bare loop, the presets dealt to so many processes: the slowest counts."""
    with ThreadPoolExecutor(processes) as pool:
        parts = [presets[part::processes] for part in range(processes)]
        answers = list(pool.map(lambda part: _run_bare("reuse", part, warm_up_seconds), parts))
    return max(float(answer["seconds"]) for answer in answers)


def _run_bare(
    strategy: str, presets: Sequence[Preset], warm_up_seconds: float = 0.0, *, floor: bool = False
) -> Any:
    task = Task(
        str(PLUGIN),
        _positions(presets),
        SETTINGS.sample_rate,
        SETTINGS.note,
        SETTINGS.velocity,
        SETTINGS.hold_seconds,
        SETTINGS.length_seconds,
        warm_up_seconds,
        floor,
    )
    command = [sys.executable, "-m", "tsumami.bridge.bench.bare_dawdreamer", strategy]
    done = subprocess.run(command, input=pickle.dumps(task), capture_output=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _positions(presets: Sequence[Preset]) -> Any:
    return np.array([list(preset.positions.values()) for preset in presets], np.float32)


def _rate_rows(rates: dict[str, float]) -> list[Row]:
    def beside(what: str, case: str, peer: str, peer_case: str) -> Row:
        ratio = rates[case] / rates[peer_case]
        return Row(what, rates[case], "patches/s", peer, rates[peer_case], ratio)

    return [
        beside("one instance for all, 1 worker", "never 1", _PEER, "bare 1"),
        beside("one instance for all, 1 worker", "never 1", _WARM_PEER, "warm 1"),
        beside("one instance for all, 2 workers", "never 2", f"2 of {_PEER}", "bare 2"),
        beside("each patch fresh, 1 worker", "patch 1", _PEER, "bare 1"),
        beside("each patch fresh, 2 workers", "patch 2", f"2 of {_PEER}", "bare 2"),
        beside("one instance for all, 2 workers", "never 2", "1 worker", "never 1"),
        beside("each patch fresh, 2 workers", "patch 2", "1 worker", "patch 1"),
        beside(f"2 of {_PEER}", "bare 2", "one", "bare 1"),
    ]


def _fresh_rows(presets: Sequence[Preset]) -> list[Row]:
    """Time and floor of some patches by each way to be fresh."""
    rows: list[Row] = []
    for strategy, what in _BARE_WAYS:
        answer = _run_bare(strategy, presets, floor=True)
        rows += _way(f"bare loop, {what}", answer["seconds"] / len(presets), Floor(**answer["floor"]))
    for method, what in _HOST_WAYS:
        with _worker(method) as worker:
            render = partial(_render_with, worker)
            rows += _way(f"render host, {what}", *_twice(render, presets))
    rows += _way("a new render host for each", *_twice(_render_alone, presets))
    with HostsAhead() as hosts:
        rows += _way("a new render host for each, made ahead", *_twice(hosts.render, presets))
    return rows


def _way(what: str, seconds: float, floor: Floor) -> list[Row]:
    return [
        Row(f"{what}: time", 1000 * seconds, "ms/patch"),
        Row(f"{what}: the same twice", floor.exact, f"of {floor.patches}"),
        Row(f"{what}: SC, median", floor.sc_median, ""),
        Row(f"{what}: SC, highest", floor.sc_max, ""),
    ]


def _twice(render: Callable[[Sound], Any], presets: Sequence[Preset]) -> tuple[float, Floor]:
    """Seconds a patch, and the floor of rendering there and back."""
    sounds = [Sound(values) for values in _positions(presets)]
    render(sounds[0])
    began = time.perf_counter()
    there = [render(sound) for sound in sounds]
    seconds = (time.perf_counter() - began) / len(sounds)
    back = [render(sound) for sound in sounds[::-1]][::-1]
    pairs = [(first.audio, second.audio) for first, second in zip(there, back, strict=True)]
    return seconds, floor_of(pairs, SETTINGS.sample_rate)


@contextlib.contextmanager
def _worker(method: Method) -> Iterator[Worker]:
    worker = Worker(_INSTRUMENT, SETTINGS, method)
    try:
        yield worker
    finally:
        worker.close()


def _render_with(worker: Worker, sound: Sound) -> Any:
    return worker.render([sound])[0]


def _render_alone(sound: Sound) -> Any:
    with _worker("reuse") as worker:
        return _render_with(worker, sound)


class HostsAhead:
    """A new host for each sound; a thread starts the next while this one renders."""

    def __enter__(self) -> Self:
        self._threads = ThreadPoolExecutor(1)
        self._next = self._threads.submit(Worker, _INSTRUMENT, SETTINGS, "reuse")
        return self

    def __exit__(self, *_: object) -> None:
        self._next.result().close()
        self._threads.shutdown()

    def render(self, sound: Sound) -> Any:
        """One sound."""
        worker = self._next.result()
        self._next = self._threads.submit(Worker, _INSTRUMENT, SETTINGS, "reuse")
        try:
            return _render_with(worker, sound)
        finally:
            worker.close()


def _notes(presets: int, rounds: int) -> list[str]:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return [
        f"{presets} presets of amsynth's banks, note {SETTINGS.note} held {SETTINGS.hold_seconds:g} of "
        f"{SETTINGS.length_seconds:g} s at {SETTINGS.sample_rate} Hz, in {rounds} rounds. The command also "
        f"renders {SETTINGS.warm_up_seconds:g} s of warm-up, checks, hashes and compresses each patch and "
        "writes the data set; the bare loop drops its audio.",
        f"Ways to be fresh: {PATCHES} patches, rendered in order and then in the opposite order. What is the "
        "same twice depends on nothing but the patch. A plugin cannot be made ahead in the process that "
        "renders: its library makes plugins on the thread that renders, and another one waits for ever.",
        f"Load of the machine at the end, over a minute: {load:.1f}.",
    ]
