"""Progress bars on standard error, for work that is counted as it goes."""

import contextlib
from collections.abc import Callable, Iterator

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


def _bar() -> Progress:
    """Shown only where somebody may be looking."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)
