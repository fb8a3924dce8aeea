"""A trace: which packets of a stream were lost, one digit each."""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError

Lost = npt.NDArray[np.bool_]
Edges = npt.NDArray[np.int64]

_RECEIVED: Final = "0"
_LOST: Final = "1"
_SHOWN: Final = 20


def read_trace(path: Path) -> Lost:
    """A text file's digits, 1 for each packet that was lost, 0 for each that was not; white space is free.

    Raises `ParameterError` for a file that is not there or holds something else.
    """
    try:
        digits = "".join(path.read_text("ascii").split())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise ParameterError(
            f"trace must be a text file of the digits 0 and 1, got {path} ({reason})"
        ) from error
    wrong = digits.strip(_RECEIVED + _LOST)
    if wrong or not digits:
        got = repr(wrong[:_SHOWN]) if wrong else "nothing"
        raise ParameterError(
            f"trace must hold a digit for each packet, 1 if it was lost, got {got} in {path}"
        )
    return np.array([digit == _LOST for digit in digits])


def check_trace(lost: Lost, frames: int, packet: int) -> None:
    """Raise `ParameterError` unless there is a digit for each ``packet`` of ``frames``, and no more."""
    packets = -(-frames // packet)
    if len(lost) != packets:
        raise ParameterError(
            f"trace must have a digit for each of the {packets} packets of {packet} frames, got {len(lost)}; "
            "--packet says how long a packet is"
        )


def runs_of(holds: npt.NDArray[np.bool_]) -> Edges:
    """Where a condition holds, ``[runs, 2]``: the first place of each run, and the one after its last."""
    return np.flatnonzero(np.diff(holds, prepend=False, append=False)).reshape(-1, 2)
