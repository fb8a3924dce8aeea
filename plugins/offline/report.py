"""What a render comes back with."""

from dataclasses import asdict, dataclass
from typing import Any

from tsumami.plugins.offline.floor import Floor


@dataclass(frozen=True, slots=True)
class Trouble:
    """A patch without a sound: its row, name, source and why."""

    row: int
    name: str
    source: str
    why: str


@dataclass(frozen=True, slots=True)
class RenderReport:
    """The outcome of one run.

    ``patches`` are in the data set, ``rendered`` of them in this run, at ``per_second``. ``flags`` counts
    patches by the names of `tsumami.plugins.offline.Flag`. ``unknown`` are parameter names of the presets
    that the instrument does not have, ``refused`` presets of another synthesizer by file, ``broken`` files
    of a folder that could not be read.
    """

    output: str
    instrument: str
    method: str
    workers: int
    patches: int
    rendered: int
    seconds: float
    per_second: float
    times_real_time: float
    floor: Floor | None
    flags: dict[str, int]
    troubles: tuple[Trouble, ...]
    unknown: dict[str, int]
    refused: dict[str, int]
    broken: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As JSON can say it."""
        return asdict(self)
