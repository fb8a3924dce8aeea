"""What was found of each plugin file last time, kept between scans."""

import contextlib
import os
from pathlib import Path

import msgspec
import platformdirs

from tsumami.plugins.scan.folders import Candidate
from tsumami.plugins.scan.report import PluginReport
from tsumami.plugins.vst3.bundle import module_file

_VERSION = 2
"""Counts up when a report gets another meaning."""


class _Entry(msgspec.Struct, frozen=True):
    """Reports of a file as it was then, and the time limit under which they were made."""

    size: int
    mtime_ns: int
    limit_seconds: float
    reports: tuple[PluginReport, ...]


class _Document(msgspec.Struct):
    version: int = _VERSION
    entries: dict[str, _Entry] = {}


class ScanCache:
    """Reports by path, valid while the file has the same size and time of change.

    A cache that cannot be read is begun anew, and one that cannot be written is done without: it only saves
    time.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or platformdirs.user_cache_path("tsumami", appauthor=False) / "plugins.json"
        self._entries = self._load()

    def find(self, candidate: Candidate, limit_seconds: float) -> list[PluginReport] | None:
        """Reports of a file that has not changed; None if it has, or failed under a shorter time limit."""
        entry = self._entries.get(str(candidate.path))
        if entry is None or (entry.size, entry.mtime_ns) != _stamp(candidate.path):
            return None
        has_failed = any(not report.is_usable for report in entry.reports)
        return None if has_failed and entry.limit_seconds < limit_seconds else list(entry.reports)

    def keep(self, candidate: Candidate, limit_seconds: float, reports: list[PluginReport]) -> None:
        """Remember the reports of a file."""
        size, mtime_ns = _stamp(candidate.path)
        listed = tuple(report.without_parameters() for report in reports)
        self._entries[str(candidate.path)] = _Entry(size, mtime_ns, limit_seconds, listed)

    def save(self) -> None:
        """Write the file, without what is gone."""
        entries = {path: entry for path, entry in self._entries.items() if Path(path).exists()}
        partial = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(msgspec.json.encode(_Document(entries=entries)))
            partial.replace(self.path)

    def _load(self) -> dict[str, _Entry]:
        with contextlib.suppress(OSError, msgspec.DecodeError):
            document = msgspec.json.decode(self.path.read_bytes(), type=_Document)
            if document.version == _VERSION:
                return document.entries
        return {}


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of what is loaded; a bundle's own do not change with its contents."""
    with contextlib.suppress(OSError):
        found = (module_file(path) or path).stat()
        return found.st_size, found.st_mtime_ns
    return 0, 0
