"""Timing of peers side by side: in turns within one process, so that whatever disturbs one disturbs all."""

import gc
import time
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

Times = npt.NDArray[np.float64]


def interleaved(
    cases: Mapping[str, Callable[[], object]], rounds: int, *, title: str, warm_up: int = 20
) -> dict[str, Times]:
    """Microseconds of each call, ``[rounds]`` by case; every round calls every case once.

    Progress goes to standard error. The garbage collector rests meanwhile.
    """
    for call in cases.values():
        for _ in range(warm_up):
            call()
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
