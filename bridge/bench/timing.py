"""Timing of peers side by side: in turns within one process, so that whatever disturbs one disturbs all."""

import gc
import time
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

Times = npt.NDArray[np.float64]

_MOST_SECONDS: Final = 30.0
_FEWEST_ROUNDS: Final = 300


def interleaved(
    cases: Mapping[str, Callable[[], object]], rounds: int, *, title: str, warm_up: int = 20
) -> dict[str, Times]:
    """Microseconds of each call, ``[rounds]`` by case; every round calls every case once.

    There are fewer rounds where they would take more than half a minute, but not under 300. Progress goes to
    standard error. The garbage collector rests meanwhile.
    """
    seconds = sum(_warmed_up(call, warm_up) for call in cases.values())
    rounds = min(rounds, max(int(_MOST_SECONDS / seconds), _FEWEST_ROUNDS))
    times = {name: np.empty(rounds) for name in cases}
    gc.collect()
    gc.disable()
    try:
        for part in track(np.array_split(np.arange(rounds), 20), title, console=Console(stderr=True)):
            for i in part:
                for name, call in cases.items():
                    began = time.perf_counter_ns()
                    call()
                    times[name][i] = (time.perf_counter_ns() - began) / 1000
    finally:
        gc.enable()
    return times


def _warmed_up(call: Callable[[], object], times: int) -> float:
    """Seconds of the last of so many calls."""
    began = time.perf_counter()
    for _ in range(times):
        began = time.perf_counter()
        call()
    return time.perf_counter() - began
