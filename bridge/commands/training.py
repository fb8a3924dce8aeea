"""What the commands that train or judge models share."""

import contextlib
from collections.abc import Iterator
from enum import StrEnum

from tsumami.engine.errors import ModelError


class BudgetName(StrEnum):
    """How much a run may spend."""

    SMOKE = "smoke"
    SMALL = "small"
    FULL = "full"


@contextlib.contextmanager
def training_installed(purpose: str) -> Iterator[None]:
    """Imports within become a `ModelError` that says what to install; ``purpose`` is a verb."""
    try:
        yield
    except ImportError as error:
        raise ModelError(
            f"libraries of training must be installed to {purpose}, got no {error.name}; "
            "pip install 'tsumami[training]'"
        ) from None
