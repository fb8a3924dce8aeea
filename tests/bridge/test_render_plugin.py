"""Sessions with plugins rendered offline: what was heard live is heard again."""

from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from tests.bridge.plugin_presets import save_preset
from tests.command import run_tsumami, run_tsumami_json
from tests.leftovers import assert_nothing_left
from tsumami.plugins.vst3.plugin import Plugin, seconds_of

_RATE = 48000
_BLOCK = 128
_SPOILT_BLOCKS = 8
"""Blocks that differ after a late one: the held end, the fade out and the fade in."""

Audio = npt.NDArray[np.float32]


def _read(path: Path) -> Audio:
    sound, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(sound, np.float32)


def _song(path: Path, *, program: int | None = None) -> None:
    """Two notes, and between them a program change."""
    track = [
        mido.Message("note_on", note=60, velocity=127, time=0),
        mido.Message("note_off", note=60, time=480),
    ]
    if program is not None:
        track.append(mido.Message("program_change", program=program, time=0))
    track += [
        mido.Message("note_on", note=64, velocity=127, time=0),
        mido.Message("note_off", note=64, time=480),
    ]
    mido.MidiFile(tracks=[mido.MidiTrack(track)]).save(path)


def _session(tmp_path: Path, plugin: Path, more: str = "") -> Path:
    path = tmp_path / "session.toml"
    path.write_text(
        f'[device]\nname = "null"\nblock_size = {_BLOCK}\n[output]\nlimiter_db = 0.0\n'
        f'[instrument]\nkind = "plugin"\npath = "{plugin}"\n{more}'
    )
    return path


def test_a_take_with_a_plugin_and_an_effect_plays_again(
    instrument_plugin: Path, effect_plugin: Path, tmp_path: Path
) -> None:
    session = _session(tmp_path, instrument_plugin, f'[[effects]]\npath = "{effect_plugin}"\n')
    log, take, again = (tmp_path / name for name in ("take.jsonl", "take.wav", "again.wav"))
    summary = run_tsumami_json(
        "live", str(session), "--demo", "--seconds", "3", "--log", str(log), "--record", str(take)
    )
    run_tsumami_json("render", str(again), "--log", str(log))
    live, offline = _read(take), _read(again)
    assert live.shape == offline.shape
    assert np.abs(live).max() > 0.1
    differs = np.abs(live - offline).max(axis=1).reshape(-1, _BLOCK).max(axis=1) > 0
    late = sum(plugin["late"] for plugin in summary["plugins"])
    assert differs.sum() <= _SPOILT_BLOCKS * late
    assert late < len(differs) // 4
    assert_nothing_left()


def test_a_preset_sounds_the_same_through_the_strip_and_by_itself(
    instrument_plugin: Path, tmp_path: Path
) -> None:
    """The strip adds its gain and limiter, both neutral here, and takes the plugin's delay out."""
    values = {"Wave": 0.5, "Attack": 0.01, "Cutoff": 0.7, "Level #2": 0.5}
    preset, song, out = tmp_path / "saw.vstpreset", tmp_path / "song.mid", tmp_path / "out.wav"
    save_preset(preset, instrument_plugin, values)
    _song(song)
    session = _session(tmp_path, instrument_plugin, 'preset = "saw.vstpreset"\n')
    run_tsumami_json("render", str(out), "--midi", str(song), "--session", str(session))
    rendered = _read(out)
    alone = Plugin(instrument_plugin)
    alone.load_preset(preset)
    notes = {0: [b"\x90\x3c\x7f"], _RATE // 2: [b"\x80\x3c\x40", b"\x90\x40\x7f"], _RATE: [b"\x80\x40\x40"]}
    blocks = []
    for start in range(0, len(rendered) + _BLOCK, _BLOCK):
        due = [
            (m, seconds_of(t - start, _RATE))
            for t, ms in notes.items()
            if start <= t < start + _BLOCK
            for m in ms
        ]
        blocks.append(alone.play(due, _BLOCK, _RATE, _BLOCK))
    expected = np.concatenate(blocks, axis=1)[:, alone.latency_samples :][:, : len(rendered)].T
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(rendered[: len(expected)], expected, atol=2e-7)  # the gain's rounding


def test_program_changes_choose_from_a_folder_of_presets(instrument_plugin: Path, tmp_path: Path) -> None:
    folder = tmp_path / "presets"
    folder.mkdir()
    save_preset(folder / "Preset 2.vstpreset", instrument_plugin, {"Level #2": 0.25})
    save_preset(folder / "Preset 10.vstpreset", instrument_plugin, {"Level #2": 1.0})
    session = _session(
        tmp_path, instrument_plugin, 'bank = "presets"\npreset = "presets/Preset 10.vstpreset"\n'
    )
    song, out = tmp_path / "song.mid", tmp_path / "out.wav"
    _song(song, program=0)
    run_tsumami_json("render", str(out), "--midi", str(song), "--session", str(session))
    sound = _read(out)
    first, second = (
        np.abs(sound[start : start + _RATE // 4]).max() for start in (_RATE // 8, _RATE * 5 // 8)
    )
    assert second == pytest.approx(0.25 * first, rel=0.02)
    assert_nothing_left()


def test_sounds_that_no_vst3_plugin_takes_are_named(instrument_plugin: Path, tmp_path: Path) -> None:
    bank = tmp_path / "amsynth.bank"
    bank.write_text("amSynth\n<preset> <name> Alone\n<parameter> amp_attack 0.1\nEOF\n")
    session = _session(tmp_path, instrument_plugin, f'preset = "{bank}"\n')
    done = run_tsumami("live", str(session), "--seconds", "1")
    assert done.returncode == 2
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("tsumami: preset must be one of TsumamiFixture, got 'Alone' of amsynth")
    assert_nothing_left()
