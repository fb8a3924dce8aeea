"""The doctor sees what is there, says what to do about what is not, and ends with one JSON document."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.command import run_tsumami
from tests.jack import JackServer, running_jack_server
from tsumami.bridge.doctor import Finding, document, examination, examine, kernels, print_findings
from tsumami.bridge.doctor.strip import judge

TOPICS = ["software", "audio", "MIDI", "models", "kernels", "priority"]


def doctor(*args: str, **variables: str) -> dict[str, Any]:
    """The document that ``tsumami doctor --json`` prints; its exit status must say the same."""
    done = run_tsumami("doctor", "--json", *args, timeout=300, **variables)
    printed: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if printed["ok"] else 1), done.stderr
    return printed


def of(topic: str, printed: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for finding in printed["findings"] if finding["topic"] == topic]


@pytest.mark.usefixtures("nothing_left")
def test_finds_jack_and_plays_the_strip(jack_server: JackServer) -> None:
    printed = doctor("--seconds", "1")
    assert list(dict.fromkeys(finding["topic"] for finding in printed["findings"])) == [*TOPICS, "strip"]
    output, heard = (finding["details"] for finding in of("audio", printed)[-2:])
    assert (output["api"], output["sample_rates"]) == ("JACK Audio Connection Kit", [jack_server.sample_rate])
    assert heard == {"device": "system", "api": "JACK Audio Connection Kit", "channels": 2}
    assert any(row["details"].get("api") == "jack" and row["details"]["runs"] for row in of("MIDI", printed))
    strip = of("strip", printed)[0]["details"]
    assert strip["seconds"] >= 1
    assert strip["device"] == "null"


def test_a_machine_that_can_only_play_is_no_problem() -> None:
    with running_jack_server(purpose="output", inputs=0):
        heard = of("audio", doctor("--seconds", "0"))[-1]
    assert heard["status"] == "note"
    assert "no audio input device was found" in heard["text"]
    assert "without --input" in heard["remedy"]


def test_says_what_to_do_about_all_that_is_not_well() -> None:
    printed = doctor("--seconds", "0", JACK_DEFAULT_SERVER="tsumami-no-such-server")
    assert {finding["topic"] for finding in printed["findings"]} == set(TOPICS)
    assert [f for f in printed["findings"] if (f["status"] == "ok") == bool(f["remedy"])] == []
    assert of("models", printed)[0]["details"]["providers"] == ["CPUExecutionProvider"]
    assert {"api": "jack", "runs": False} in [finding["details"] for finding in of("MIDI", printed)]


@given(blocks=st.integers(1, 10**6), share=st.floats(0, 1), late=st.integers(0, 3))
def test_more_misses_are_never_better(blocks: int, share: float, late: int) -> None:
    missed = int(share * blocks)
    found = judge(summary(blocks, missed, late)).status
    assert (found == "ok") == (missed == 0 and late == 0)
    assert (found == "problem") == (missed * 100 > blocks)


def test_a_strip_that_never_played_is_a_problem() -> None:
    assert judge(summary(0, 0, 0)).status == "problem"


def summary(blocks: int, missed: int, late: int) -> dict[str, Any]:
    return {
        "seconds": blocks * 128 / 48000,
        "blocks": blocks,
        "missed": missed,
        "late_inference": late,
        "peak_dbfs": -12.0,
        "block_size": 128,
        "sample_rate": 48000,
    }


def test_a_probe_that_fails_does_not_silence_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[Finding]:
        yield Finding("first", "ok", "seen before the failure")
        raise OSError("no such bus")

    def sound() -> Iterator[Finding]:
        yield Finding("second", "ok", "well")

    monkeypatch.setattr(examination, "_PARTS", {"first": broken, "second": sound})
    looked_at: list[str] = []
    findings = examine(0, looked_at.append)
    assert looked_at == ["first", "second"]
    assert [(finding.topic, finding.status) for finding in findings] == [
        ("first", "ok"),
        ("first", "problem"),
        ("second", "ok"),
    ]
    assert "OSError: no such bus" in findings[1].text
    assert document(findings)["ok"] is False


def test_a_cache_that_cannot_be_written_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kernels, "CACHE_FOLDER", tmp_path)
    assert [finding.status for finding in kernels.examine_kernels()] == ["note"]  # empty
    (tmp_path / "kernel.nbc").write_bytes(bytes(1000))
    assert [finding.status for finding in kernels.examine_kernels()] == ["ok"]
    monkeypatch.setattr(kernels, "CACHE_FOLDER", tmp_path / "kernel.nbc")
    assert [finding.status for finding in kernels.examine_kernels()] == ["problem"]


def test_the_table_shows_remedies_and_counts_problems() -> None:
    shown = io.StringIO()
    findings = [
        Finding("audio", "ok", "plays to [bold]Scarlett"),
        Finding("audio", "note", "a note", "do this"),
        Finding("MIDI", "problem", "no MIDI", "do that"),
    ]
    print_findings(findings, Console(file=shown, width=100))
    lines = [" ".join(line.split()) for line in shown.getvalue().splitlines()]
    assert lines == [
        "audio ok plays to [bold]Scarlett",
        "note a note",
        "→ do this",
        "MIDI problem no MIDI",
        "→ do that",
        "",
        "1 problem found.",
    ]
