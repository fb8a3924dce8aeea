"""Patches as presets: what is written is what was found, bit for bit, in every format of an instrument."""

from pathlib import Path

import numpy as np
import pytest

from tests.amsynth import require_amsynth
from tests.plugins.amsynth_plugin import PLUGIN
from tsumami.engine.errors import ParameterError, PluginError
from tsumami.plugins.builtin.parameters import PARAMETERS, default_values
from tsumami.plugins.match.player import PatchPlayer
from tsumami.plugins.match.vst3_preset import vst3_preset
from tsumami.plugins.match.written import check_preset_path, encode_patch, preset_suffixes, sound_of_preset
from tsumami.plugins.offline import RenderSettings, render_preset
from tsumami.plugins.offline.messages import Instrument, Rendered, Sound
from tsumami.plugins.presets import diva
from tsumami.plugins.presets.formats import format_module

SHORT = RenderSettings(hold_seconds=0.2, length_seconds=0.3, warm_up_seconds=0.0)
BUILTIN = Instrument(None, "builtin", "Tsumami")
NAMES = [parameter.name for parameter in PARAMETERS]


def played(sound: Sound, player: PatchPlayer) -> Rendered:
    (result,) = player.render([sound])
    assert isinstance(result, Rendered)
    return result


@pytest.mark.parametrize("seed", range(20))
def test_a_patch_of_the_builtin_synthesizer_reads_back_bit_for_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random(len(PARAMETERS)).astype(np.float32)
    values[rng.integers(0, 32, 6)] = rng.integers(0, 2, 6)  # the ends of the ranges too
    for row, parameter in enumerate(PARAMETERS):
        if parameter.choices:
            values[row] = rng.integers(len(parameter.choices)) / (len(parameter.choices) - 1)
    content = encode_patch(Path("Deep Sea.toml"), BUILTIN, NAMES, values)
    (preset,) = format_module("patch").decode(content, "Deep Sea.toml")
    assert preset.name == "Deep Sea"
    np.testing.assert_array_equal(np.array(list(preset.positions.values()), np.float32), values)


def test_a_preset_of_diva_reads_back() -> None:
    instrument = Instrument(Path("Diva.vst3"), "dawdreamer", "Diva(x64)", plugin_id="A" * 32)
    assert list(preset_suffixes(instrument)) == [".h2p", ".vstpreset"]
    values = np.random.default_rng(0).random(len(diva.PARAMETERS)).astype(np.float32)
    content = encode_patch(Path("a.h2p"), instrument, diva.PARAMETERS, values)
    (preset,) = format_module("h2p").decode(content, "a.h2p")
    assert (preset.synth, preset.filled, preset.clipped) == ("Diva", (), ())
    for key, value in zip(diva.KEYS, values, strict=True):
        if key.kind == "continuous":
            assert preset.positions[key.parameter] == pytest.approx(value, abs=1e-12)  # of float64
        elif key.kind != "unranged":
            steps = len(key.choices) - 1 if key.kind == "choice" else key.maximum - key.minimum
            assert abs(preset.positions[key.parameter] - value) <= 0.5 / steps + 1e-6


@pytest.mark.parametrize("name", ["found.bank", "found.amsynth", "found.fxp", "found.fxb"])
def test_presets_of_amsynth_sound_as_the_patch(name: str, tmp_path: Path) -> None:
    require_amsynth()
    with PatchPlayer(PLUGIN, [], SHORT, workers=1) as player:
        values = player.ready.defaults + np.random.default_rng(3).normal(0.0, 0.3, 41).astype(np.float32)
        values[player.row_of("master_vol")] = 0.6
        found = played(Sound(np.clip(values, 0.0, 1.0)), player)
        content = encode_patch(tmp_path / name, player.instrument, player.ready.parameters, found.values)
        written = played(sound_of_preset(content, tmp_path / name, player), player)
    assert np.abs(found.audio).max() > 0.1
    # A bank has raw values, which the plugin turns into positions in single precision.
    np.testing.assert_allclose(written.audio, found.audio, atol=1e-4)
    (tmp_path / name).write_bytes(content)
    np.testing.assert_array_equal(render_preset(PLUGIN, tmp_path / name, settings=SHORT), written.audio)


def test_a_preset_of_a_vst3_plugin_is_saved_by_itself(instrument_plugin: Path, tmp_path: Path) -> None:
    path = tmp_path / "found.vstpreset"
    with PatchPlayer(instrument_plugin, [], SHORT, workers=1) as player:
        values = player.ready.defaults.copy()
        values[player.row_of("Sustain")] = 0.25
        content = encode_patch(path, player.instrument, player.ready.parameters, values)
        written = played(sound_of_preset(content, path, player), player)
        np.testing.assert_allclose(written.values, values, atol=1e-6)  # of single precision
        np.testing.assert_array_equal(written.audio, played(Sound(values), player).audio)
    (preset,) = format_module("vstpreset").decode(content, "found.vstpreset")
    assert preset.name == "found"


def test_a_plugin_that_cannot_be_loaded_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"plugin must save a preset, got .*none\.vst3"):
        vst3_preset(tmp_path / "none.vst3", {})


@pytest.mark.parametrize(
    ("instrument", "name", "line"),
    [
        (BUILTIN, "a.fxp", "preset of Tsumami must end with .toml, got a.fxp"),
        (BUILTIN, "a", "preset of Tsumami must end with .toml, got a"),
        (
            Instrument(Path("a.so"), "dawdreamer", "amsynth", plugin_id="amsy"),
            "a.vstpreset",
            "preset of amsynth must end with .bank or .amsynth or .fxp or .fxb, got a.vstpreset",
        ),
        (
            Instrument(Path("a.vst3"), "dawdreamer", "Other", plugin_id="B" * 32),
            "a.toml",
            "preset of Other must end with .vstpreset, got a.toml",
        ),
    ],
)
def test_endings_that_cannot_be_written_are_named(instrument: Instrument, name: str, line: str) -> None:
    with pytest.raises(ParameterError, match=line):
        check_preset_path(Path(name), instrument)
    with pytest.raises(ParameterError, match=line):
        encode_patch(Path(name), instrument, NAMES, default_values())
