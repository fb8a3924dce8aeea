"""Progress bars on standard error, for work that is counted as it goes."""

import contextlib
from collections.abc import Callable, Iterable, Iterator

from rich.console import Console
from rich.progress import Progress


@contextlib.contextmanager
def counting(title: str) -> Iterator[Callable[[int, int], object]]:
    """A bar, moved by calling what is given with how much is done and of how much."""
    with _bar() as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


@contextlib.contextmanager
def epochs(title: str, count: int) -> Iterator[Callable[[int, dict[str, float]], object]]:
    """A bar of a training, moved by calling what is given with an epoch's number and its figures."""
    with _bar() as progress:
        task = progress.add_task(title, total=count)

        def show(epoch: int, figures: dict[str, float]) -> None:
            words = " ".join(f"{name} {value:.3g}" for name, value in figures.items())
            progress.update(task, completed=epoch, description=f"{title} {words}")

        yield show


def watch(
    title: str, count: int, training: Iterable[tuple[int, dict[str, float]]], stop_after: int | None = None
) -> None:
    """Let a training of ``count`` epochs go on under a bar; ``stop_after`` ends it, as a kill would."""
    with epochs(title, count) as show:
        for number, (epoch, figures) in enumerate(training, 1):
            show(epoch, figures)
            if number == stop_after:
                break


def _bar() -> Progress:
    """Shown only where somebody may be looking."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)
