"""The self-test: the strip plays for some seconds, driven by the clock, and its misses are counted."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tsumami.bridge.doctor.finding import Finding, Status

_START_SECONDS = 300.0
"""Longest time to compile every kernel on a slow machine."""

_TOLERATED = 0.01
"""Share of blocks missed above which playing is spoilt, and not merely disturbed."""

_MISSES_REMEDY = (
    "close other programs, allow real-time priority (see above), or play with a larger --block-size"
)


def examine_strip(seconds: float) -> Iterator[Finding]:
    """What `tsumami live --device null` reports of itself after playing the demonstration."""
    words = ("live", "--device", "null", "--demo", "--seconds", f"{seconds:g}", "--json")
    done = subprocess.run(
        [sys.executable, "-m", "tsumami.bridge.cli", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_START_SECONDS + seconds,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        text = f"the strip did not play (exit status {done.returncode}): {last}"
        yield Finding("strip", "problem", text, "run `tsumami live --device null` to see more")
        return
    yield judge(json.loads(done.stdout))


def judge(summary: dict[str, Any]) -> Finding:
    """The summary of a live session as a finding."""
    missed, blocks = summary["missed"], summary["blocks"]
    text = (
        f"{summary['seconds']:g} s on the clock at {summary['sample_rate']} Hz: {missed} of {blocks} blocks "
        f"of {summary['block_size']} missed, {summary['late_inference']} late decodes, "
        f"peak {summary['peak_dbfs']:g} dBFS"
    )
    if blocks == 0:
        return Finding("strip", "problem", text, "run `tsumami live --device null` to see more", summary)
    if missed == 0 and summary["late_inference"] == 0:
        return Finding("strip", "ok", text, details=summary)
    status: Status = "problem" if missed > _TOLERATED * blocks else "note"
    return Finding("strip", status, text, _MISSES_REMEDY, summary)
