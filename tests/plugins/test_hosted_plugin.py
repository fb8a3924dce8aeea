"""A real VST3 plugin in a process of its own: its sound, its parameters, its states."""

from pathlib import Path

import numpy as np
import pytest

from tests.plugins.hosted import SAMPLE_RATE, hosted
from tsumami.engine import Kind, PluginError, event, run_stage
from tsumami.plugins.hosted.client import PluginClient, PluginSource
from tsumami.plugins.hosted.messages import LoadPositions, LoadPreset, LoadState
from tsumami.plugins.presets import Preset

pytestmark = pytest.mark.usefixtures("nothing_left")


def _impulses(sound: np.ndarray) -> list[int]:
    return np.flatnonzero(sound[0]).tolist()


def test_a_note_sounds_at_its_sample_whatever_the_blocks(instrument_plugin: Path) -> None:
    sizes = [64, 1, 63, 64, 37, 2, 64, 64, 5, 64]
    offsets = [0, 0, 62, 13, 36, 1, 63, 31, 4, 10]
    with hosted(instrument_plugin) as plugin:
        plugin.play(64, plugin.move("Click", 1.0))
        latency = plugin.stage.latency_samples
        assert latency == 64 + plugin.client.facts.latency_samples
        sound, expected, start = [], [], 0
        for size, offset in zip(sizes, offsets, strict=True):
            sound.append(run_stage(plugin.stage, size, event(Kind.NOTE_ON, 60, 1.0, time=offset)))
            expected.append(start + offset + latency)
            start += size
        sound.append(plugin.play(2 * latency))
        assert _impulses(np.concatenate(sound, axis=1)) == expected
        assert plugin.client.counts()["late"] == 0


def test_a_parameter_moves_at_its_sample(instrument_plugin: Path) -> None:
    """The impulse before the move has the old level, the one after it the new."""
    with hosted(instrument_plugin) as plugin:
        plugin.play(64, plugin.move("Click", 1.0))
        off = plugin.client.parameters.find("Click")
        moved = event(Kind.PARAMETER, off, 0.0, time=20)
        sound = plugin.play(
            256, event(Kind.NOTE_ON, 60, 1.0, time=19), moved, event(Kind.NOTE_ON, 64, 1.0, time=21)
        )
    first = 19 + plugin.stage.latency_samples
    assert sound[0, first] == 1.0
    assert abs(sound[0, first + 2]) < 0.5, "the second note is no impulse any more"


def test_an_effect_delays_by_what_it_says_and_changes_nothing_else(effect_plugin: Path) -> None:
    noise = np.random.default_rng(7).uniform(-0.5, 0.5, (2, 5000)).astype(np.float32)
    with hosted(effect_plugin, 128, place=0) as plugin:
        sound = plugin.play(5000, audio=noise)
        latency = plugin.stage.latency_samples
    assert latency == 128 + 64
    assert not sound[:, :latency].any()
    np.testing.assert_array_equal(sound[:, latency:], noise[:, :-latency])


def test_parameters_are_addressed_by_index_and_ambiguous_names_told(instrument_plugin: Path) -> None:
    with hosted(instrument_plugin) as plugin:
        table = plugin.client.parameters
        (first, second) = table.ambiguous["Level"]
        with pytest.raises(Exception, match=f'say one of "#{first}", "#{second}"'):
            table.find("level")
        plugin.play(64, event(Kind.PARAMETER, second, 0.125, time=0))
        plugin.play(64)
        values = plugin.client.memory.meters["values"]
        assert values[second] == 0.125
        assert values[first] != 0.125


def _level(sound: np.ndarray) -> float:
    return float(np.abs(sound).max())


def test_pedals_bends_and_controllers_reach_the_plugin(instrument_plugin: Path) -> None:
    with hosted(instrument_plugin, 128) as plugin:
        note, release = event(Kind.NOTE_ON, 69, 1.0, time=0), event(Kind.NOTE_OFF, 69, 0.0, time=0)
        plugin.play(4800, note)
        plain = plugin.play(9600)
        bent = plugin.play(9600, event(Kind.PITCH_BEND, value=1.0, time=0))
        assert np.diff(np.signbit(bent[0])).sum() > 1.05 * np.diff(np.signbit(plain[0])).sum()
        plugin.play(128, event(Kind.PITCH_BEND, value=0.0, time=0), plugin.move("Vibrato Depth", 0.0))
        steady = plugin.play(9600)
        shaken = plugin.play(9600, event(Kind.CONTROL, 1, 1.0, time=0))
        assert not np.array_equal(steady, shaken)
        plugin.play(9600, event(Kind.CONTROL, 1, 0.0, time=0))
        plugin.play(9600, event(Kind.SUSTAIN, value=1.0, time=0), release)
        assert _level(plugin.play(4800)) > 0.1, "the pedal holds it"
        plugin.play(9600, event(Kind.SUSTAIN, value=0.0, time=0))
        assert _level(plugin.play(4800)) < 1e-4
        plugin.play(4800, note)
        plugin.play(9600, event(Kind.ALL_NOTES_OFF, time=0))
        assert _level(plugin.play(4800)) < 1e-4
        plugin.play(4800, note)
        latency = plugin.stage.latency_samples
        silenced = plugin.play(4800, event(Kind.ALL_SOUND_OFF, time=0))
        assert _level(silenced[:, latency + 1 :]) < 1e-4


def test_a_state_comes_back_exactly(instrument_plugin: Path) -> None:
    with hosted(instrument_plugin) as plugin:
        plugin.play(64, plugin.move("Cutoff", 0.3), plugin.move("Attack", 0.7))
        plugin.until(lambda: len(plugin.client.state) > 0, "no state")
        before = plugin.client.state
        plugin.until(
            lambda: bool(plugin.play(64).size) and plugin.client._checkpoints._newest != before,
            "the change was not saved",
        )
        saved = plugin.client._checkpoints._newest
        assert saved is not None
        plugin.play(64, plugin.move("Cutoff", 0.9))
        plugin.client.load(LoadState(saved))
        plugin.until(lambda: abs(plugin.value("Cutoff") - 0.3) < 1e-6, "the state was not loaded")
        assert plugin.value("Attack") == pytest.approx(0.7, abs=1e-6)
    with hosted(instrument_plugin, sound=LoadState(saved)) as again:
        assert again.value("Cutoff") == pytest.approx(0.3, abs=1e-6)


def _positions(positions: dict[str, float], synth: str = "") -> LoadPositions:
    return LoadPositions(Preset("some", "test", synth, "some.file", positions=positions))


def test_positions_are_taken_whole_or_not_at_all(instrument_plugin: Path) -> None:
    with hosted(instrument_plugin, sound=_positions({"Cutoff": 0.25, "#6": 0.5})) as plugin:
        assert plugin.value("Cutoff") == pytest.approx(0.25, abs=1e-6)
        plugin.client.load(_positions({"Cutoff": 0.75, "Coutoff": 0.5}))
        plugin.until(lambda: plugin.has_said("did you mean 'Cutoff'"), "the wrong name was not told")
        plugin.client.load(_positions({"Cutoff": 0.75}, synth="Diva"))
        plugin.until(lambda: plugin.has_said("must be one of TsumamiFixture, got 'some' of Diva"), "not told")
        assert plugin.value("Cutoff") == pytest.approx(0.25, abs=1e-6)


def test_a_preset_that_is_none_is_refused_and_the_plugin_plays_on(
    instrument_plugin: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.vstpreset"
    bad.write_bytes(b"VST3" + b"\0" * 60)
    with hosted(instrument_plugin) as plugin:
        plugin.play(64, plugin.move("Click", 1.0))
        plugin.client.load(LoadPreset(str(bad)))
        plugin.until(lambda: plugin.has_said("must be a .vstpreset of"), "it was not refused")
        sound = plugin.play(256, event(Kind.NOTE_ON, 60, 1.0, time=0))
    assert _impulses(sound) == [plugin.stage.latency_samples]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "must be a VST3 plugin that is there"),
        ("text", "must be a VST3 plugin for this system"),
        ("effect", "must be an instrument, got .*which is an effect"),
    ],
)
def test_what_cannot_be_an_instrument_is_named(
    kind: str, message: str, effect_plugin: Path, tmp_path: Path
) -> None:
    text = tmp_path / "text.vst3"
    text.write_text("not a plugin")
    path = {"missing": tmp_path / "none.vst3", "text": text, "effect": effect_plugin}[kind]
    client = PluginClient(PluginSource(path), SAMPLE_RATE, 64, print)
    try:
        client.launch()
        with pytest.raises(PluginError, match=message) as caught:
            client.wait_ready()
    finally:
        client.close()
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
