"""Whether the system lets an audio thread go before all others."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tsumami.bridge.doctor.finding import Finding

_TRY_FIFO = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(70))"
_LIMITS_REMEDY = (
    "put '@audio - rtprio 95' and '@audio - memlock unlimited' into /etc/security/limits.d/audio.conf, "
    "join the group audio, and log in again"
)
_GOVERNOR_REMEDY = "while you play: cpupower frequency-set --governor performance"
_GOVERNORS = Path("/sys/devices/system/cpu")


def examine_priority() -> Iterator[Finding]:
    """Real-time scheduling, memory that may be locked, and the CPU's governor."""
    if sys.platform != "linux":
        yield Finding("priority", "ok", "the sound system gives its threads real-time priority")
        return
    yield _scheduling()
    governors = sorted(
        {path.read_text().strip() for path in _GOVERNORS.glob("cpu[0-9]*/cpufreq/scaling_governor")}
    )
    if governors and governors != ["performance"]:
        yield Finding(
            "priority",
            "note",
            f"the CPU's governor is {', '.join(governors)}: clocks rise only after the load has come",
            _GOVERNOR_REMEDY,
            {"governors": governors},
        )


def _scheduling() -> Finding:
    """Tried in a child, because a process that has become real-time stays so."""
    granted = (
        subprocess.run([sys.executable, "-c", _TRY_FIFO], capture_output=True, check=False).returncode == 0
    )
    limits = _limits()
    details = {"sched_fifo": granted, **limits}
    if granted:
        return Finding("priority", "ok", "real-time scheduling (SCHED_FIFO) is granted", details=details)
    return Finding(
        "priority",
        "note",
        f"real-time scheduling is refused (rtprio limit {limits['rtprio']})",
        _LIMITS_REMEDY,
        details,
    )


def _limits() -> dict[str, Any]:
    """Soft limits of this user; None for unlimited."""
    import resource  # not on Windows

    def soft(kind: int) -> int | None:
        limit = resource.getrlimit(kind)[0]
        return None if limit == resource.RLIM_INFINITY else limit

    return {"rtprio": soft(resource.RLIMIT_RTPRIO), "memlock_bytes": soft(resource.RLIMIT_MEMLOCK)}
