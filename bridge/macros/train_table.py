"""All runs of the table of synth control: a process for each, as many at once as there are cores."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from tsumami.engine.errors import ModelError

ALL: Final = "all"
HEADS: Final = "_heads"
LOG: Final = "train.log"

_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class Job:
    """One model to be trained on one list of parameters, into ``folder``."""

    parameters: str
    model: str
    folder: Path

    @property
    def name(self) -> str:
        """As the table has it."""
        return f"{self.model} {self.parameters}"


def jobs_of(lists: Sequence[str], models: Sequence[str], folder: Path) -> list[Job]:
    """Every model for every list; those with heads only where a list has discrete parameters."""
    return [
        Job(choice, model, folder / choice / model)
        for choice in lists
        for model in models
        if choice == ALL or not model.endswith(HEADS)
    ]


def train_all(
    jobs: Sequence[Job], common: Sequence[str], at_once: int, tell: Callable[[str], object]
) -> Iterator[tuple[Job, str]]:
    """Train, ``at_once`` at a time; yields every job when it is over, and "" or what went wrong with it.

    ``common`` are words of `tsumami train macros` that all have in common; ``tell`` hears what begins. What a
    job says is kept in `LOG` in its folder. When this is interrupted the processes are too, and the same call
    goes on where they were.
    """

    def train(job: Job) -> str:
        tell(job.name)
        return _train(job, common)

    with ThreadPoolExecutor(at_once, thread_name_prefix="train") as executor:
        waiting = {executor.submit(train, job): job for job in jobs}
        try:
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


def _train(job: Job, common: Sequence[str]) -> str:
    words = ["--parameters", job.parameters, "--model", job.model, "--folder", str(job.folder), *common]
    job.folder.mkdir(parents=True, exist_ok=True)
    log = job.folder / LOG
    with log.open("w", encoding="utf-8") as file:
        code = subprocess.run(
            [sys.executable, "-m", "tsumami.bridge.cli", "train", "macros", *words],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=False,
        ).returncode
    if not code:
        return ""
    said = log.read_text("utf-8").strip().splitlines()
    return (said[-1] if said else f"ended with status {code}")[:_REASON]


class Overview:
    """How many jobs are over, and which are under way; on standard error."""

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            *Progress.get_default_columns(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total)
        self._running: list[str] = []

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, name: str) -> None:
        """A job has begun. [any thread]"""
        self._running.append(name)
        self._show(0)

    def end(self, name: str, reason: str) -> None:
        """A job is over, or has failed for a reason."""
        self._running.remove(name)
        self._show(1)
        self._bar.console.print(f"{name}: {reason or 'trained'}", highlight=False, soft_wrap=True)

    def _show(self, more: int) -> None:
        self._bar.update(self._task, advance=more, description=", ".join(self._running))


def check_all(failures: Sequence[tuple[Job, str]]) -> None:
    """Raise `ModelError` when any job has failed."""
    if failures:
        job, reason = failures[0]
        raise ModelError(f"runs must all be trained, {len(failures)} were not: {job.name}: {reason}")
