"""Finding plugins and asking them what they are, with real plugins, and with what only looks like one."""

import os
import shutil
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import rtmidi._rtmidi
from hypothesis import given
from hypothesis import strategies as st

from tests.amsynth import require_amsynth
from tests.plugins.amsynth_plugin import PLUGIN
from tests.plugins.test_vst3_module import java_hash
from tsumami.engine.errors import PluginError
from tsumami.plugins.scan import Candidate, Prober, find_plugins, identify, probe, scan
from tsumami.plugins.scan.binary import systems, unusable
from tsumami.plugins.scan.cache import ScanCache

CRASH, HANG = "TSUMAMI_FIXTURE_CRASH_ON_LOAD", "TSUMAMI_FIXTURE_HANG_ON_LOAD"

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
def amsynth_plugin() -> Path:
    require_amsynth()
    return PLUGIN


def elf(machine: int) -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(44)


def pe(machine: int) -> bytes:
    return b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H", machine)


def fat(*machines: int) -> bytes:
    entries = b"".join(struct.pack(">5I", machine, 0, 0, 0, 0) for machine in machines)
    return struct.pack(">II", 0xCAFEBABE, len(machines)) + entries


HEADERS = {
    "Linux x86-64": elf(62),
    "Linux ARM64": elf(183),
    "Windows x86-64": pe(0x8664),
    "macOS ARM64": struct.pack("<II", 0xFEEDFACF, 0x0100000C),
    "macOS x86-64 and macOS ARM64": fat(0x01000007, 0x0100000C),
}


@pytest.mark.parametrize("system", HEADERS)
def test_a_header_tells_the_system(system: str) -> None:
    assert " and ".join(systems(HEADERS[system])) == system


@given(st.binary(max_size=200), st.sampled_from([b"", *(content[:8] for content in HEADERS.values())]))
def test_no_bytes_upset_the_reader(content: bytes, start: bytes) -> None:
    assert all(" " in system for system in systems(start + content))


def test_a_bundle_for_other_systems_says_which(tmp_path: Path) -> None:
    bundle = tmp_path / "Elsewhere.vst3"
    for name, system in (("x86_64-win/E.vst3", "Windows x86-64"), ("MacOS/E", "macOS ARM64")):
        file = bundle / "Contents" / name
        file.parent.mkdir(parents=True)
        file.write_bytes(HEADERS[system])
    assert unusable(bundle, "VST3").startswith("is for Windows x86-64 and macOS ARM64, not ")


def test_folders_are_searched_through_but_bundles_are_not(tmp_path: Path) -> None:
    binary = tmp_path / "vendor" / "Synth.vst3" / "Contents" / "x86_64-linux" / "Synth.so"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(elf(62) + b"VSTPluginMain")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "old.so").write_bytes(elf(62) + b"VSTPluginMain")
    (tmp_path / "library.so").write_bytes(elf(62))
    (tmp_path / "empty.so").touch()
    (tmp_path / "Single.vst3").touch()
    assert find_plugins([tmp_path]) == [
        Candidate(tmp_path / "Single.vst3", "VST3"),
        Candidate(tmp_path / "old.so", "VST2"),
        Candidate(tmp_path / "vendor" / "Synth.vst3", "VST3"),
    ]
    assert find_plugins([tmp_path / "old.so"]) == [Candidate(tmp_path / "old.so", "VST2")]


def test_standard_folders_are_the_users_and_the_systems(
    amsynth_plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (".vst3/Mine.vst3", "listed/Listed.vst3"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VST3_PATH", f"{tmp_path}/listed{os.pathsep}{tmp_path}/gone")
    found = {candidate.path for candidate in find_plugins()}
    assert {tmp_path / ".vst3/Mine.vst3", tmp_path / "listed/Listed.vst3", amsynth_plugin} <= found


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(PluginError, match="folder must be one that is there, got /nowhere"):
        find_plugins([Path("/nowhere")])


def test_an_instrument_tells_everything(instrument_plugin: Path) -> None:
    (report,) = probe(instrument_plugin)
    assert (report.name, report.vendor, report.version) == ("TsumamiFixture", "Tsumami", "1.2.3")
    assert (report.kind, report.latency_samples, report.parameter_count) == ("instrument", 37, 34)
    assert not report.failure
    assert not report.notes
    rows = report.parameters
    assert [row.index for row in rows if row.is_ambiguous] == [2, 13]
    assert (rows[2].unique_id, rows[13].unique_id) == (java_hash("osc_level"), java_hash("out_level"))
    assert rows[1].choices == ("Sine", "Saw", "Square")
    assert rows[1].text == "Sine"
    assert rows[9].default == 1.0


def test_an_effect_is_one(effect_plugin: Path) -> None:
    (report,) = probe(effect_plugin)
    assert (report.kind, report.latency_samples, report.parameter_count) == ("effect", 64, 8)


def test_a_vst2_plugin_tells_as_much(amsynth_plugin: Path) -> None:
    (report,) = probe(amsynth_plugin)
    assert (report.format, report.name, report.vendor) == ("VST2", "amsynth", "Nick Dowell")
    assert (report.kind, report.parameter_count) == ("instrument", 41)
    assert (report.parameters[2].name, report.parameters[2].default) == ("amp_sustain", 1.0)
    assert report.parameters[2].unique_id is None


def test_the_process_of_a_vst2_plugin_loads_no_numba(amsynth_plugin: Path) -> None:
    program = (
        "import sys, pathlib, tsumami.plugins.scan.child\n"
        "from tsumami.plugins.scan.vst2 import vst2_reports\n"
        f"reports = list(vst2_reports(pathlib.Path({str(amsynth_plugin)!r})))\n"
        "print(len(reports), 'dawdreamer' in sys.modules, 'numba' in sys.modules)"
    )
    output = subprocess.check_output([sys.executable, "-c", program], text=True, stderr=subprocess.DEVNULL)
    assert output.splitlines()[-1] == "2 True False"


def test_who_a_plugin_is(instrument_plugin: Path, effect_plugin: Path, amsynth_plugin: Path) -> None:
    instrument, effect, amsynth = map(identify, (instrument_plugin, effect_plugin, amsynth_plugin))
    assert (instrument.name, instrument.vendor, instrument.kind) == (
        "TsumamiFixture",
        "Tsumami",
        "instrument",
    )
    assert instrument.plugin_id == "ABCDEF019182FAEB5473756D54736669"  # JUCE's mark, then our two codes
    assert (effect.name, effect.kind) == ("TsumamiFixtureEffect", "effect")
    assert (amsynth.name, amsynth.vendor, amsynth.plugin_id) == ("amsynth", "Nick Dowell", "amsy")
    assert instrument.plugin_id == probe(instrument_plugin)[0].plugin_id
    assert amsynth.plugin_id == probe(amsynth_plugin)[0].plugin_id


def test_what_cannot_be_identified(instrument_plugin: Path, tmp_path: Path) -> None:
    words = tmp_path / "Words.vst3"
    words.write_text("just words")
    with pytest.raises(PluginError, match=r"got .*Words\.vst3, which is not a plugin"):
        identify(words)
    with pytest.raises(PluginError, match="which is a library, not a plugin"):
        identify(Path(rtmidi._rtmidi.__file__))
    with pytest.raises(PluginError, match="which holds TsumamiFixture, not Other"):
        identify(instrument_plugin, "Other")


def test_a_name_that_the_file_does_not_hold(instrument_plugin: Path) -> None:
    (report,) = probe(instrument_plugin, "Other")
    assert report.failure == "holds TsumamiFixture, not Other"


@pytest.mark.parametrize(
    ("variable", "limit_seconds", "failure"),
    [(CRASH, 20.0, "crashed with signal 11 (SIGSEGV)"), (HANG, 1.5, "hung for 1.5 s")],
)
def test_a_plugin_that_fails_takes_nothing_with_it(
    instrument_plugin: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    limit_seconds: float,
    failure: str,
) -> None:
    monkeypatch.setenv(variable, "1")
    (report,) = probe(instrument_plugin, limit_seconds=limit_seconds)
    assert report.failure == failure


def test_a_scan_can_be_stopped(instrument_plugin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HANG, "1")
    prober = Prober(60.0)
    threading.Timer(1.0, prober.stop).start()
    (report,) = prober.probe(Candidate(instrument_plugin, "VST3"))
    assert report.failure == "was stopped"


def test_what_is_no_plugin_needs_no_process(tmp_path: Path) -> None:
    words = tmp_path / "Words.vst3"
    words.write_text("just words")
    (report,) = probe(words)
    assert report.failure == "is not a plugin"
    (tmp_path / "Empty.vst3").mkdir()
    (report,) = probe(tmp_path / "Empty.vst3")
    assert report.failure == "is a folder without a plugin"
    with pytest.raises(PluginError, match="must be a file or bundle that is there"):
        probe(tmp_path / "gone.vst3")
    with pytest.raises(PluginError, match=r"must be a \.vst3, \.so, \.dll or \.vst"):
        probe(tmp_path)


def test_a_compiled_file_that_is_no_plugin(tmp_path: Path) -> None:
    file = tmp_path / "Library.vst3"
    shutil.copy(Path(sys.executable).resolve(), file)
    (report,) = probe(file)
    assert report.failure == "is not a VST3 plugin that loads"


def test_what_did_not_change_is_not_asked_again(
    instrument_plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache_file = tmp_path / "cache" / "plugins.json"
    candidates = [Candidate(instrument_plugin, "VST3")]
    first = scan(candidates, cache=ScanCache(cache_file))
    assert first[0].is_usable
    assert first[0].parameters == ()
    monkeypatch.setenv(CRASH, "1")
    assert scan(candidates, cache=ScanCache(cache_file)) == first
    (crashed,) = scan(candidates, cache=ScanCache(cache_file), again=True)
    assert crashed.failure.startswith("crashed")
    monkeypatch.delenv(CRASH)
    assert scan(candidates, cache=ScanCache(cache_file)) == [crashed]
    assert scan(candidates, cache=ScanCache(cache_file), limit_seconds=30.0) == first


def test_a_file_that_changed_is_asked_again(tmp_path: Path) -> None:
    plugin, cache = tmp_path / "A.vst3", tmp_path / "plugins.json"
    plugin.write_bytes(HEADERS["Windows x86-64"])
    candidates = [Candidate(plugin, "VST3")]
    (report,) = scan(candidates, cache=ScanCache(cache))
    assert report.failure.startswith("is for Windows x86-64")
    plugin.write_text("words")
    (report,) = scan(candidates, cache=ScanCache(cache))
    assert report.failure == "is not a plugin"


@pytest.mark.parametrize("content", [b"", b"garbage", b'{"version": 1, "entries": 3}', b'{"version": 99}'])
def test_a_cache_that_cannot_be_read_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "plugins.json"
    file.write_bytes(content)
    words = tmp_path / "Words.vst3"
    words.write_text("just words")
    candidate = Candidate(words, "VST3")
    assert scan([candidate], cache=ScanCache(file))[0].failure == "is not a plugin"
    assert ScanCache(file).find(candidate, 1.0) is not None
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("plugins")] == ["plugins.json"]
