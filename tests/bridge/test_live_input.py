"""`tsumami live` with an audio input: what comes in goes out unchanged, and what is missing is told."""

import contextlib
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rich.console import Console

from tests.bridge.live_process import LiveProcess, running_live
from tests.command import run_tsumami
from tests.jack import JackServer, running_jack_server
from tests.leftovers import assert_nothing_left
from tsumami.bridge.control_log import ControlLogWriter, LogHeader
from tsumami.bridge.live.moves import Moves
from tsumami.bridge.live.summary import summarise
from tsumami.bridge.live.view import LiveView
from tsumami.bridge.session.session import MACRO_NAMES, parse_session
from tsumami.bridge.session.setup import set_up
from tsumami.engine import InputSettings, Kind, Message, MeterBlock, SessionError, event
from tsumami.engine.instrument import create_effect
from tsumami.engine.restoration.repair_stage import RepairStage
from tsumami.plugins import PARAMETERS

if TYPE_CHECKING:
    from tests.jack_probe import JackProbe

_FILE = Path("s.toml")
_STRETCH = 24_000
"""Samples that must come back without a gap: half a second, 188 blocks."""


@contextlib.contextmanager
def _probe(server: JackServer, live: LiveProcess, *, into: str, out_of: str) -> "Iterator[JackProbe]":
    """A client that plays into one port of the session and hears another."""
    # Here, for it needs JACK's library.
    from tests.jack_probe import JackProbe

    def port(name: str) -> str:
        return next((found for found in server.ports() if found.endswith(f":{name}")), "")

    live.until(lambda: bool(port(into) and port(out_of)), f"no ports {into} and {out_of}")
    probe = JackProbe()
    try:
        probe.connect("probe:out", port(into))
        probe.connect(port(out_of), "probe:back")
        yield probe
    finally:
        probe.close()


def _comes_back(probe: "JackProbe") -> bool:
    """Whether so many samples in a row have come back, exact, each as late as the one before.

    A machine that is too busy for its audio breaks such a stretch, so it may begin anywhere.
    """
    delays = probe.delays()
    breaks = np.flatnonzero(np.diff(delays)) + 1
    stretches = np.split(delays, breaks)
    return any(len(stretch) >= _STRETCH and stretch[0] >= 0 for stretch in stretches)


def test_what_a_client_plays_comes_back_sample_for_sample(jack_server: JackServer) -> None:
    with running_live("--no-demo", "--input", "auto") as live:
        assert "hearing system (JACK" in live.said
        with _probe(jack_server, live, into="in_1", out_of="out_1") as probe:
            live.until(lambda: _comes_back(probe), "the input did not come back whole")
        summary = live.end(signal.SIGINT)
    heard = summary["input"]
    assert "JACK" in heard["device"]
    assert heard["peak_dbfs"] == pytest.approx(-6.02, abs=0.01), "half of full scale"
    assert heard["latency_ms"] > 128 / 48
    assert heard["lost_blocks"] >= heard["overflows"]
    assert summary["load_percent"]["input"]["p50"] > 0
    assert_nothing_left()


def test_a_repair_leaves_alone_what_is_whole(jack_server: JackServer) -> None:
    with (
        running_live("--no-demo", "--input", "auto", "--repair", "--detect") as live,
        _probe(jack_server, live, into="in_1", out_of="out_1") as probe,
    ):
        live.until(lambda: _comes_back(probe), "the input did not come back whole")
        repair = live.end(signal.SIGINT)["input"]["repair"]
    assert repair["fits"] > 0
    assert repair["fit_ms"]["p50"] > 0
    assert repair["plans"] > 0
    assert (repair["gaps"] > 0) == (repair["repaired_ms"] > 0), "a busy machine may lose some"
    assert_nothing_left()


def test_a_device_with_one_channel_is_heard_on_both_sides() -> None:
    with (
        running_jack_server(purpose="mono", inputs=1) as server,
        running_live("--no-demo", "--input", "system") as live,
    ):
        with _probe(server, live, into="in_0", out_of="out_1") as probe:
            live.until(lambda: _comes_back(probe), "the input did not come back on the right")
        live.end(signal.SIGINT)


def test_an_input_that_goes_with_its_server_comes_back_with_it() -> None:
    with (
        running_jack_server(purpose="gone") as server,
        running_live("--no-demo", "--input", "auto") as live,
    ):
        live.until(lambda: any(port.startswith("tsumami:") for port in server.ports()), "no MIDI port")
        server.process.kill()
        server.process.wait()
        live.wait_for("is gone")
        live.wait_for("playing again")
        with running_jack_server(purpose="gone") as again:
            live.wait_for("playing again", times=2)
            with _probe(again, live, into="in_0", out_of="out_0") as probe:
                live.until(lambda: _comes_back(probe), "the input did not come back")
            summary = live.end(signal.SIGINT)
    assert summary["device_losses"] == 1
    assert summary["input"]["lost_blocks"] > 0, "while the server was away"
    assert_nothing_left()


@pytest.mark.parametrize(
    ("inputs", "name", "words"),
    [
        (
            2,
            "no such thing",
            r"input must be one of: system, which go with system \(JACK.*got 'no such thing'",
        ),
        (0, "auto", r"no audio input device was found under JACK.*: connect one, or play without --input"),
    ],
)
def test_an_input_that_is_not_there_is_named_with_what_there_is(inputs: int, name: str, words: str) -> None:
    with running_jack_server(purpose=f"deaf{inputs}", inputs=inputs):
        done = run_tsumami("live", "--input", name)
    assert done.returncode == 2, done.stderr
    assert re.search(words, done.stderr.strip().splitlines()[-1]), done.stderr
    assert "Traceback" not in done.stderr
    assert_nothing_left()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--device", "null", "--input", "auto"], 'input.source must be "none" where the device is "null"'),
        (["--input", ""], "--input must be a string that is not empty, got ''"),
        (
            ["--device", "null", "--repair"],
            'input.repair must be false where input.source is "none", got true',
        ),
    ],
)
def test_a_bad_option_is_one_line_and_status_2(arguments: list[str], words: str) -> None:
    done = run_tsumami("live", *arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source = 'radio'", "s.toml:2: input.source must be one of device, none, got 'radio'"),
        ("channels = 3", "s.toml:2: input.channels must be a whole number of at most 2, got 3"),
        ("channels = 0", "s.toml:2: input.channels must be a whole number of at least 1, got 0"),
        ("gain_db = 40", "s.toml:2: input.gain_db must be a number of at most 36.0, got 40"),
        ("gain_db = nan", "s.toml:2: input.gain_db must be a number .*, got nan"),
        ("device = ''", "s.toml:2: input.device must be a string that is not empty, got ''"),
        ("monitor = 1", "s.toml:2: input.monitor must be true or false, got 1"),
        ("repair = 'yes'", "s.toml:2: input.repair must be true or false, got 'yes'"),
        ("detect = 2", "s.toml:2: input.detect must be true or false, got 2"),
        ("model = ''", "s.toml:2: input.model must be a string that is not empty, got ''"),
        ("chanels = 1", "s.toml:2: field of input must be .*'chanels'; did you mean channels"),
    ],
)
def test_mistake_is_refused_with_line_field_and_rule(text: str, message: str) -> None:
    with pytest.raises(SessionError, match=message):
        parse_session(f"[input]\n{text}", _FILE)


def test_the_strip_is_told_what_the_session_says() -> None:
    assert set_up(parse_session("", _FILE)).config.settings.input is None
    text = "[input]\nsource = 'device'\ndevice = 'Mic'\nchannels = 1\ngain_db = 6\n"
    text += "monitor = false\ndetect = true"
    expected = InputSettings("device", "Mic", channels=1, gain_db=6.0, is_monitored=False, is_searched=True)
    config = set_up(parse_session(text, _FILE)).config
    assert config.settings.input == expected
    assert config.input_stages == ()
    (stage,) = set_up(parse_session(f"{text}\nrepair = true", _FILE)).config.input_stages
    assert isinstance(create_effect(stage), RepairStage)
    for model, arguments in (("none", ("none",)), ("builtin", ()), ("mine.onnx", ("mine.onnx",))):
        text = f"[input]\nsource = 'device'\nrepair = true\nmodel = '{model}'"
        (stage,) = set_up(parse_session(text, _FILE)).config.input_stages
        assert stage.arguments == arguments


def test_a_session_that_would_hear_the_clock_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text("[device]\nname = 'null'\n[input]\nsource = 'device'\n")
    with pytest.raises(SessionError, match=r's.toml:4: input.source must be "none" .*, got "device"'):
        set_up(parse_session(path.read_text(), path), path)


def test_a_repair_of_nothing_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text("[input]\nrepair = true\n")
    with pytest.raises(SessionError, match=r"s.toml:2: input.repair must be false .*; choose an --input"):
        set_up(parse_session(path.read_text(), path), path)


def test_a_take_that_is_rendered_again_is_without_its_input_and_says_so(tmp_path: Path) -> None:
    log = tmp_path / "take.jsonl"
    header = LogHeader(
        sample_rate=48000,
        block_size=128,
        session=parse_session("[input]\nsource = 'device'", _FILE),
        patch="Warm Evening",
        started="",
        parameters=[parameter.name for parameter in PARAMETERS],
        macros=list(MACRO_NAMES),
    )
    writer = ControlLogWriter(log, header)
    writer.write(event(Kind.NOTE_ON, 60, 0.8, time=0))
    writer.close(end=1280, blocks=10)
    done = run_tsumami("render", "--log", str(log), str(tmp_path / "again.wav"))
    assert done.returncode == 0, done.stderr
    assert "what came in by the session's input is not kept: it is rendered without" in done.stderr


def test_view_and_summary_tell_of_an_input_where_there_is_one() -> None:
    meters = MeterBlock.allocate()
    meters["input_peak_now"][:] = 0.1, 0.5
    meters["input_peak"] = 1.0
    meters["input_lost"], meters["input_starved"], meters["input_overflows"] = 7, 5, 2
    started = Message("ready", "", "speaker", 0.005, input="microphone", input_latency_seconds=0.0125)
    shape: dict[str, Any] = {"block_size": 128, "sample_rate": 48000}
    assert summarise(meters, started, **shape)["input"] is None
    assert summarise(meters, started, **shape, has_input=True)["input"] == {
        "device": "microphone",
        "peak_dbfs": 0.0,
        "lost_blocks": 7,
        "starved_blocks": 5,
        "overflows": 2,
        "latency_ms": 12.5,
        "repair": None,
    }
    view = LiveView(meters, Moves(), (), **shape)
    assert "lost" not in _text(view)
    view.engine, view.has_input = started, True
    assert "12.5 ms from microphone" in _text(view)
    assert re.search(r"in +━.* 7 lost", _text(view))


def test_view_and_summary_tell_of_a_repair_where_there_is_one() -> None:
    meters = MeterBlock.allocate()
    meters["repair_gaps"], meters["repair_samples"], meters["repair_longest_samples"] = 12, 4800, 480
    meters["repair_fits"], meters["repair_fit_age_samples"] = 300, 240
    meters["repair_late"], meters["repair_plans"] = 3, 40
    meters["repair_load"][100] = meters["repair_plan_load"][100] = 300
    shape: dict[str, Any] = {"block_size": 128, "sample_rate": 48000}
    document = summarise(meters, Message("ready", ""), **shape, has_input=True, has_repair=True)
    repair = document["input"]["repair"]
    for load in ("fit_ms", "plan_ms"):
        assert repair.pop(load)["p50"] == pytest.approx(0.07, abs=0.01)
    assert repair == {
        "gaps": 12,
        "late": 3,
        "repaired_ms": 100.0,
        "longest_ms": 10.0,
        "fits": 300,
        "plans": 40,
        "fit_age_ms": 5.0,
    }
    view = LiveView(meters, Moves(), (), **shape)
    assert "repaired" not in _text(view)
    view.has_repair = True
    assert "repaired 12 gaps  100 ms  longest 10.0 ms, fit 5.0 ms old, 3 late" in _text(view)


def _text(view: LiveView) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(view)
    return capture.get()
