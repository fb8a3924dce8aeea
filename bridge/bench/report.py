"""What a benchmark returns: rows of figures, each beside its peer, with the machine they were taken on."""

import dataclasses
import datetime
import importlib.metadata
import json
import os
import platform
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_LIBRARIES = ("numpy", "numba", "onnxruntime", "onnxruntime-gpu", "torch")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. ``ratio`` says how many times better than the peer it is, above 1 is better."""

    what: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None

    @classmethod
    def lower_is_better(cls, what: str, value: float, unit: str, peer: str, peer_value: float) -> "Row":
        """A row of times or errors beside its peer's."""
        return cls(what, value, unit, peer, peer_value, peer_value / value)


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of one benchmark run; ``notes`` are sentences for people, kept out of the JSON document."""

    bench: str
    rows: Sequence[Row]
    notes: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """What ``--json`` prints: bench, machine, rows."""
        return {
            "bench": self.bench,
            "machine": machine(),
            "rows": [dataclasses.asdict(row) for row in self.rows],
        }

    def print(self) -> None:
        """A table on standard output."""
        table = Table(title=self.bench, caption=Text("\n".join(self.notes)), caption_justify="left")
        for heading in _HEADINGS:
            table.add_column(heading, justify="left" if heading in ("what", "unit", "peer") else "right")
        for row in self.rows:
            table.add_row(*(Text(cell) for cell in _cells(row)))
        Console().print(table)

    def save(self, folder: Path) -> None:
        """Write ``<bench>.md`` and ``<bench>.json`` into ``folder``."""
        document = json.dumps(self.document(), indent=2, allow_nan=False, ensure_ascii=False)
        _write(folder / f"{self.bench}.json", document + "\n")
        _write(folder / f"{self.bench}.md", self._markdown())

    def _markdown(self) -> str:
        command = shlex.join(["tsumami", *sys.argv[1:]])
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        lines = [f"# {self.bench}", "", f"`{command}` on {today}; {_machine_line()}.", ""]
        lines += [_line(_HEADINGS), _line(["---"] * len(_HEADINGS))]
        lines += [_line(_cells(row)) for row in self.rows]
        for note in self.notes:
            lines += ["", note]
        return "\n".join(lines) + "\n"


_HEADINGS = ("what", "value", "unit", "peer", "peer value", "ratio")


def machine() -> dict[str, Any]:
    """The machine and the software of this run."""
    versions = {}
    for library in _LIBRARIES:
        try:
            versions[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "os": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": versions,
    }


def results_folder() -> Path | None:
    """``docs/results`` of the repository that this package runs from, if it runs from one."""
    root = Path(__file__).resolve().parents[2]
    folder = root / "docs" / "results"
    return folder if folder.is_dir() and (root / "pyproject.toml").is_file() else None


def _cpu_model() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _machine_line() -> str:
    found = machine()
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    return f"{found['cpu']}, {found['cores']} cores, {found['os']}, Python {found['python']}, {versions}"


def _cells(row: Row) -> list[str]:
    return [
        row.what,
        _figure(row.value),
        row.unit,
        row.peer,
        "" if row.peer_value is None else _figure(row.peer_value),
        "" if row.ratio is None else f"{row.ratio:.2f} ×",
    ]


def _figure(value: float) -> str:
    """Three or four significant digits, whole numbers as they are."""
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _write(path: Path, text: str) -> None:
    """Write a file beside its place and rename it there, so that it is never half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
