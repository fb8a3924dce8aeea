"""Where a session speaks: sentences on standard error, or in a view that has the terminal to itself."""

import contextlib
from collections.abc import Iterator
from typing import Final, Protocol, Self

from rich.console import Console, RenderableType
from rich.live import Live

from tsumami.engine.quiet import standard_error_kept

PERIOD_SECONDS: Final = 0.08
"""Between two pictures of a view: twelve a second."""


class View(Protocol):
    """A picture that is drawn again and again, with room for sentences."""

    def tell(self, text: str) -> None:
        """Show a sentence."""
        ...

    def __rich__(self) -> RenderableType: ...


class Screen:
    """Standard error. Where that is a terminal, nobody else writes to it while the screen is `kept`."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._view: View | None = None

    @property
    def is_shown(self) -> bool:
        """Whether a view is to be seen."""
        return self._view is not None

    @contextlib.contextmanager
    def kept(self) -> Iterator[Self]:
        """Keep the terminal for this screen while the block runs."""
        if not self._console.is_terminal:
            yield self
            return
        with standard_error_kept() as terminal:
            plain, self._console = self._console, Console(file=terminal, force_terminal=True)
            try:
                yield self
            finally:
                self._console = plain

    def tell(self, text: str) -> None:
        """Say a sentence; may be called from any thread."""
        view = self._view
        if view is not None:
            view.tell(text)
        else:
            self._console.print(f"tsumami: {text}", markup=False, highlight=False, soft_wrap=True)

    @contextlib.contextmanager
    def showing(self, view: View) -> Iterator[None]:
        """Draw the view while the block runs, where there is a terminal."""
        if not self._console.is_terminal:
            yield
            return
        with Live(view, console=self._console, refresh_per_second=1 / PERIOD_SECONDS):
            self._view = view
            try:
                yield
            finally:
                self._view = None
