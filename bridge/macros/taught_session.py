"""What a session's macros were taught, as the engine takes it: directions in place of the model's own."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tsumami.bridge.macros.taught import Taught, read_taught, taught_path
from tsumami.bridge.macros.taught_axis import TaughtAxes
from tsumami.engine.errors import SessionError
from tsumami.engine.inference.contract import Contract

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class TaughtSession:
    """The ``axes`` of all macros, none where they are the model's own, and one line about it or none."""

    axes: Rows = ()
    note: str = ""


def taught_session(session: Path | None, model: Path, contract: Contract) -> TaughtSession:
    """What the macros of the session file ``session`` were taught, if ``model`` is the one it was about.

    Nothing here stops a show: what cannot be used is told, and the model's own axes are played.
    """
    if session is None:
        return TaughtSession()
    path = taught_path(session)
    try:
        taught = read_taught(path)
        if taught is None or not taught.macros:
            return TaughtSession()
        axes = TaughtAxes(contract)
        check_taught(taught, path, model, axes)
    except SessionError as error:
        return TaughtSession(note=f"playing the model's own macros: {error}")
    directions = {macro.name: macro.direction for macro in taught.macros}
    rows = tuple(directions.get(name, tuple(axes.own(name).tolist())) for name in axes.names)
    pairs = ", ".join(f"{macro.name} by {_counted(len(macro.pairs))}" for macro in taught.macros)
    return TaughtSession(rows, f"macros as taught in {path.name}: {pairs}")


def model_hash(model: Path) -> str:
    """SHA-256 of the model's file."""
    return hashlib.sha256(model.read_bytes()).hexdigest()


def check_taught(taught: Taught, path: Path, model: Path, axes: TaughtAxes) -> None:
    """Raise `SessionError` when ``taught`` is about the latent of another model than ``model``."""
    if taught.sha256 != model_hash(model):
        raise SessionError(
            f"{path.name} must be about the session's model, got what another {taught.model} was taught; "
            "`tsumami macros forget` removes it"
        )
    for macro in taught.macros:
        numbers = [macro.direction, *(pair.difference for pair in macro.pairs)]
        if macro.name not in axes.names or any(len(row) != axes.size for row in numbers):
            raise SessionError(
                f"{path.name} must fit the model, got {macro.name!r} that it has not so; "
                "`tsumami macros forget` removes it"
            )


def _counted(pairs: int) -> str:
    return "1 pair" if pairs == 1 else f"{pairs} pairs"
