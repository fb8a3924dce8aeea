"""Render hosts and data sets from Python: amsynth, the fixture plugin, the built-in synthesizer."""

import os
import re
import signal
import string
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest
import zarr

from tests.amsynth import require_amsynth
from tests.plugins.amsynth_plugin import BANK, PLUGIN, SMALL_BANK
from tsumami.engine.errors import ParameterError, PluginError
from tsumami.plugins import load_bank, render_patch
from tsumami.plugins.offline import Flag, RenderSettings, render_preset, render_presets
from tsumami.plugins.offline.batch import Batch, render_floor
from tsumami.plugins.offline.entries import entries_of
from tsumami.plugins.offline.messages import Backend, Instrument, Rendered, Sound
from tsumami.plugins.offline.worker import Worker
from tsumami.plugins.presets import Preset, read_presets
from tsumami.plugins.scan import identify

SHORT = RenderSettings(hold_seconds=0.4, length_seconds=0.5)
AMSYNTH = Instrument(PLUGIN, "dawdreamer")


@pytest.fixture
def amsynth() -> Iterator[Worker]:
    require_amsynth()
    worker = Worker(AMSYNTH, SHORT)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def positions() -> npt.NDArray[np.float32]:
    require_amsynth()
    presets = read_presets(BANK)
    return np.array([list(preset.positions.values()) for preset in presets], np.float32)


def libraries(process_id: int | None) -> str:
    """Files that a process has mapped."""
    return " ".join(mapped.path for mapped in psutil.Process(process_id).memory_maps())


def render(worker: Worker, values: npt.NDArray[np.float32]) -> Rendered:
    (result,) = worker.render([Sound(values)])
    assert isinstance(result, Rendered)
    return result


@pytest.mark.skipif(not hasattr(psutil.Process, "memory_maps"), reason="lists no libraries")
def test_a_plugin_and_numba_never_share_a_process(amsynth: Worker) -> None:
    assert "dawdreamer" in libraries(amsynth.process_id)
    assert "llvmlite" not in libraries(amsynth.process_id)
    builtin = Worker(Instrument(None, "builtin"), SHORT)
    assert "llvmlite" in libraries(builtin.process_id)
    assert "dawdreamer" not in libraries(builtin.process_id)
    builtin.close()


def test_sound_depends_on_nothing_but_the_preset(amsynth: Worker, positions: npt.NDArray[np.float32]) -> None:
    some = positions[:24]
    there = [render(amsynth, values).digest for values in some]
    back = [render(amsynth, values).digest for values in some[::-1]]
    assert there == back[::-1]
    assert len(set(there)) > 20
    again = Worker(AMSYNTH, SHORT)
    assert [render(again, values).digest for values in some[:4]] == there[:4]
    again.close()


def test_one_instance_for_all_is_another_sound_each_time(positions: npt.NDArray[np.float32]) -> None:
    settings = replace(SHORT, fresh="never")
    floor = render_floor(Batch(AMSYNTH, settings, [Sound(values) for values in positions[::8]]))
    assert floor.patches == 16
    assert floor.exact < 16
    assert floor.sc_median > 0.01


def test_host_that_is_killed_is_replaced(amsynth: Worker, positions: npt.NDArray[np.float32]) -> None:
    before = render(amsynth, positions[0])
    assert amsynth.process_id is not None
    os.kill(amsynth.process_id, signal.SIGKILL)
    assert render(amsynth, positions[0]).digest == before.digest


def test_builtin_synthesizer_sounds_as_it_does_elsewhere(tmp_path: Path) -> None:
    patch = load_bank()[0]
    bank = Path(load_bank.__code__.co_filename).with_name("bank.toml")
    report = render_presets("builtin", [bank], tmp_path / "set.zarr", settings=SHORT, workers=1)
    group: Any = zarr.open_group(tmp_path / "set.zarr", mode="r")
    expected = render_patch(patch.values, velocity=100 / 127, hold_seconds=0.4, length_seconds=0.5)
    np.testing.assert_array_equal(np.asarray(group["audio"][0]), expected.mean(axis=0, dtype=np.float32))
    assert report.patches == len(load_bank())
    assert report.floor is not None
    assert report.floor.exact == report.floor.patches == 16


def made(name: str, **positions: float) -> Preset:
    """A preset of the fixture plugin."""
    return Preset(name, "made", "TsumamiFixture", "made here", positions=positions)


def test_crash_hang_and_noise_cost_one_patch_each(instrument_plugin: Path, tmp_path: Path) -> None:
    presets = [
        made("good", Attack=0.1),
        made("crashes", Crash=1.0),
        made("hangs", Hang=1.0),
        made("is no number", NaN=1.0),
        made("silent", Sustain=0.0, **{"Level #2": 0.0}),
        made("loud", **{"Blow Up": 1.0}),
        made("good again", Attack=0.1),
        made("says more", Attack=0.1, Flavour=0.3),
    ]
    settings = replace(SHORT, time_limit_seconds=2.0)
    report = render_presets(instrument_plugin, presets, tmp_path / "set.zarr", settings=settings, workers=2)
    group: Any = zarr.open_group(tmp_path / "set.zarr", mode="r")
    same = Flag.SAME_PARAMETERS | Flag.SAME_AUDIO
    expected = [0, Flag.CRASHED, Flag.HUNG, Flag.NOT_FINITE, Flag.SILENT, Flag.CLIPPED, same, same]
    assert np.asarray(group["flags"][:]).tolist() == expected
    assert np.asarray(group["same_as"][:]).tolist() == [-1, -1, -1, -1, -1, -1, 0, 0]
    assert [trouble.name for trouble in report.troubles] == ["crashes", "hangs", "is no number"]
    assert report.unknown == {"Flavour": 1}
    audio = np.asarray(group["audio"][:])
    assert np.isfinite(audio).all()
    np.testing.assert_array_equal(audio[0], audio[6])
    assert not audio[1:4].any()


@pytest.mark.parametrize("backend", ["dawdreamer", "pedalboard"])
def test_latency_and_warm_up_are_taken_off(instrument_plugin: Path, backend: Backend) -> None:
    worker = Worker(Instrument(instrument_plugin, backend), SHORT)
    values = worker.ready.defaults.copy()
    values[worker.ready.parameters.index("Click")] = 1.0
    click = render(worker, values).audio
    worker.close()
    assert np.flatnonzero(click).tolist() == [0]
    assert click[0] == pytest.approx(100 / 127)
    assert worker.ready.latency_samples == 37
    assert "MIDI CC 0|0" not in worker.ready.parameters


def test_effect_is_refused(effect_plugin: Path, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="must be an instrument, got the effect TsumamiFixtureEffect"):
        render_presets(effect_plugin, [made("any")], tmp_path / "set.zarr")
    assert not list(tmp_path.iterdir())


def test_plugin_that_crashes_on_load_is_refused(
    instrument_plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TSUMAMI_FIXTURE_CRASH_ON_LOAD", "1")
    with pytest.raises(PluginError, match=r"must load .* crashed"):
        render_presets(instrument_plugin, [made("any")], tmp_path / "set.zarr")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not a plugin"),
        (b"no plugin", "is not a plugin"),
        (b"\xcf\xfa\xed\xfe\x07\0\0\1", "is for macOS"),
    ],
)
def test_file_that_is_no_plugin_of_this_system_is_refused(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    plugin = tmp_path / "synth.so"
    plugin.write_bytes(content)
    with pytest.raises(PluginError, match=f"which {reason}"):
        render_preset(plugin)


def test_preset_of_another_synth_is_refused(tmp_path: Path) -> None:
    require_amsynth()
    other = Preset("Soft", "h2p", "Diva", "soft.h2p", positions={"VCF1: Freq": 0.5})
    with pytest.raises(ParameterError, match="preset must be one of amsynth, got 'Soft' of Diva"):
        render_presets(PLUGIN, [other], tmp_path / "set.zarr")
    report = render_presets(PLUGIN, [other, SMALL_BANK], tmp_path / "set.zarr", settings=SHORT)
    assert report.refused == {"soft.h2p: Diva": 1}
    assert report.patches == 26


def test_state_of_another_plugin_is_refused(tmp_path: Path) -> None:
    require_amsynth()
    other = Preset("Soft", "fxp", "", "soft.fxp", state=b"chunk", plugin_id="Diva")
    with pytest.raises(ParameterError, match=r"one of amsynth \(amsy\), got 'Soft' of the plugin Diva"):
        render_presets(PLUGIN, [other], tmp_path / "set.zarr")


def test_program_file_sounds_as_the_same_preset_of_a_bank(tmp_path: Path) -> None:
    require_amsynth()
    from tsumami.plugins.presets import write_preset

    preset = read_presets(SMALL_BANK)[3]
    write_preset(tmp_path / "three.fxp", preset)
    write_preset(tmp_path / "three.bank", preset)
    by_file, by_values = (
        render_preset(PLUGIN, tmp_path / f"three.{ending}", settings=SHORT) for ending in ("fxp", "bank")
    )
    # The container holds the positions in single precision; the plugin's ranges make more of that.
    assert np.abs(by_file - by_values).max() < 1e-3 * np.abs(by_values).max()


def test_two_channels_are_kept(amsynth: Worker, positions: npt.NDArray[np.float32]) -> None:
    worker = Worker(AMSYNTH, replace(SHORT, channels=2))
    both = render(worker, positions[0]).audio
    worker.close()
    mono = render(amsynth, positions[0]).audio
    assert both.shape == (2, len(mono))
    np.testing.assert_array_equal(both.mean(axis=0, dtype=np.float32), mono)


def test_url_takes_the_same_data_set_as_a_path(tmp_path: Path) -> None:
    require_amsynth()
    places = (str(tmp_path / "path.zarr"), (tmp_path / "file.zarr").as_uri(), "memory://store/set.zarr")
    for place in places:
        report = render_presets(PLUGIN, [SMALL_BANK], place, settings=SHORT)
        assert report.rendered == 26
        assert render_presets(PLUGIN, [SMALL_BANK], place, settings=SHORT).rendered == 0
    groups: list[Any] = [zarr.open_group(place, mode="r") for place in places]
    for group in groups[1:]:
        assert group.attrs.asdict() == groups[0].attrs.asdict()
        for name, array in group.arrays():
            np.testing.assert_array_equal(array[:], groups[0][name][:])


def clicking_state(plugin: Path) -> bytes:
    """The component's state of the fixture plugin with Click on, taken out of JUCE's wrapping of it."""
    program = (
        "import sys, pathlib; from tsumami.plugins.vst3.plugin import Plugin; "
        "plugin = Plugin(pathlib.Path(sys.argv[1])); plugin.set_value(0, 1.0); "
        "plugin.play([], 64, 48000.0, 64); "
        "sys.stdout.buffer.write(plugin.state)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, plugin], capture_output=True, check=True, timeout=60
    )
    found = re.search(rb"<IComponent>(\d+)\.([^<]*)<", done.stdout)
    assert found is not None
    alphabet = f".{string.ascii_uppercase}{string.ascii_lowercase}{string.digits}+"
    digits = [alphabet.index(chr(digit)) for digit in found[2]]
    number = sum(digit << 6 * place for place, digit in enumerate(digits))
    return number.to_bytes(len(digits), "little")[: int(found[1])]


@pytest.mark.parametrize("backend", ["dawdreamer", "pedalboard"])
def test_vst3_preset_is_loaded(instrument_plugin: Path, backend: Backend) -> None:
    facts = identify(instrument_plugin, limit_seconds=60.0)
    state = clicking_state(instrument_plugin)
    preset = Preset("Click", "vstpreset", "", "click.vstpreset", state=state, plugin_id=facts.plugin_id)
    instrument = Instrument(instrument_plugin, backend, facts.name, plugin_id=facts.plugin_id)
    worker = Worker(instrument, SHORT)
    entry = entries_of([preset], instrument, worker.ready).rows[0]
    (result,) = worker.render([entry.sound])
    worker.close()
    assert isinstance(result, Rendered)
    assert np.flatnonzero(result.audio).tolist() == [0]
    assert result.values[worker.ready.parameters.index("Click")] == 1.0
