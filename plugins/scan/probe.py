"""Asking one plugin what it is, in a process of its own with a time limit."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

from tsumami.engine.errors import PluginError
from tsumami.plugins.scan.binary import unusable
from tsumami.plugins.scan.child import Answer, Request
from tsumami.plugins.scan.folders import Candidate, plugin_format
from tsumami.plugins.scan.report import PluginReport

TIME_LIMIT_SECONDS = 20.0


def probe(
    path: Path, name: str | None = None, limit_seconds: float = TIME_LIMIT_SECONDS
) -> list[PluginReport]:
    """The plugins in a file with all their parameters, or one report of why there are none.

    Raises `PluginError` for a path that is not there or has no plugin's name.
    """
    return Prober(limit_seconds).probe(_candidate(path), name)


def identify(path: Path, name: str | None = None, limit_seconds: float = TIME_LIMIT_SECONDS) -> PluginReport:
    """Name, vendor, version, id and kind of a plugin, without its parameters: quicker than `probe`.

    Of several plugins in a file it is the one called ``name``, or the first. Raises `PluginError` for what is
    no plugin of this system, crashes or hangs.
    """
    (report,) = Prober(limit_seconds).probe(_candidate(path), name, only_identity=True)
    if report.failure:
        raise PluginError(f"plugin must be one that works here, got {path}, which {report.failure}")
    return report


def _candidate(path: Path) -> Candidate:
    if not path.exists():
        raise PluginError(
            f"plugin must be a file or bundle that is there, got {path}; `tsumami scan` finds those that are"
        )
    found = plugin_format(path)
    if found is None:
        raise PluginError(f"plugin must be a .vst3, .so, .dll or .vst, got {path}")
    return Candidate(path, found)


class Prober:
    """Runs the processes; `probe` may be called from several threads, `stop` from any."""

    def __init__(self, limit_seconds: float = TIME_LIMIT_SECONDS) -> None:
        self.limit_seconds = limit_seconds
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._is_stopped = False

    def probe(
        self, candidate: Candidate, name: str | None = None, *, only_identity: bool = False
    ) -> list[PluginReport]:
        """The plugins in a file, or one report of why there are none."""
        failed = PluginReport(str(candidate.path), candidate.format)
        if reason := unusable(candidate.path, candidate.format):
            return [msgspec.structs.replace(failed, failure=reason)]
        request = Request(str(candidate.path), candidate.format, self.limit_seconds, name, only_identity)
        output, end = self._run(request)
        reports = _reports(output)
        if not end:
            return reports
        if not reports:
            return [msgspec.structs.replace(failed, failure=end)]
        # It ended at what it did after the last report.
        notes = (*reports[-1].notes, f"{end} when asked for more")
        return [*reports[:-1], msgspec.structs.replace(reports[-1], notes=notes)]

    def stop(self) -> None:
        """End what runs now, and start nothing more."""
        with self._lock:
            self._is_stopped = True
            for process in self._running:
                _kill(process)

    def _run(self, request: Request) -> tuple[bytes, str]:
        """What the process wrote, and a phrase on how it ended if not as it should."""
        command = [sys.executable, "-m", "tsumami.plugins.scan.child", msgspec.json.encode(request).decode()]
        with self._lock:
            if self._is_stopped:
                return b"", "was stopped"
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # so that an interrupt from the keyboard comes to us alone
            )
            self._running.add(process)
        try:
            output, _ = process.communicate(timeout=self.limit_seconds)
        except subprocess.TimeoutExpired:
            _kill(process)
            output, _ = process.communicate()
            return output, f"hung for {self.limit_seconds:g} s"
        except BaseException:  # an interrupt, which the process does not hear
            _kill(process)
            process.communicate()
            raise
        finally:
            with self._lock:
                self._running.discard(process)
        return output, "was stopped" if self._is_stopped else _end(process.returncode)


def _reports(output: bytes) -> list[PluginReport]:
    """The last whole report of each plugin in the file."""
    reports = {}
    for line in output.splitlines():
        with contextlib.suppress(msgspec.DecodeError):  # cut short by the end of the process
            answer = msgspec.json.decode(line, type=Answer)
            reports[answer.number] = answer.report
    return list(reports.values())


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)  # with what the plugin may have started


def _end(status: int) -> str:
    if status == 0:
        return ""
    if status > 0:
        return f"ended its process with status {status}"
    with contextlib.suppress(ValueError):
        return f"crashed with signal {-status} ({signal.Signals(-status).name})"
    return f"crashed with signal {-status}"
