"""The VST3 plugins made for the tests are what the tests take them for."""

import signal
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pedalboard import VST3Plugin

RATE = 48_000
BLOCK = 128
INSTRUMENT_LATENCY, EFFECT_LATENCY = 37, 64
CLICK, WAVE, COARSE, PAN = 0, 1, 3, 12
CRASH, HANG, NAN, BLOW_UP, SLOW = range(27, 32)
PROGRAM = 33

Sound = npt.NDArray[np.float32]


def play(plugin: Any, events: dict[int, bytes], blocks: int) -> Sound:
    """The left channel of ``blocks`` blocks in which MIDI messages come at exact frames."""
    sound = []
    for start in range(0, blocks * BLOCK, BLOCK):
        # Half a sample more: pedalboard rounds a message's time down to a sample.
        messages = [
            (message, (frame - start + 0.5) / RATE)
            for frame, message in events.items()
            if start <= frame < start + BLOCK
        ]
        sound.append(plugin.process(messages, BLOCK / RATE, RATE, 2, BLOCK, False)[0])
    return np.concatenate(sound)


def note_on(note: int, velocity: int = 127) -> bytes:
    return bytes((0x90, note, velocity))


def control(controller: int, value: int) -> bytes:
    return bytes((0xB0, controller, value))


def pitch_hz(sound: Sound) -> float:
    """Of a clean tone, once it has begun: the mean of the periods between rising zero crossings."""
    rising = np.flatnonzero((sound[2000:-1] < 0) & (sound[2001:] >= 0))
    return RATE * (len(rising) - 1) / float(rising[-1] - rising[0])


@pytest.fixture
def instrument(instrument_plugin: Path) -> Any:
    return VST3Plugin(str(instrument_plugin))


@pytest.fixture
def effect(effect_plugin: Path) -> Any:
    return VST3Plugin(str(effect_plugin))


def test_an_instrument_of_32_parameters_of_which_two_share_a_name(instrument: Any) -> None:
    automatable = [row.name for row in instrument._parameters if row.is_automatable]
    assert automatable[32:] == ["Bypass", "Program"], "which the wrapper adds"
    assert [name for name, count in Counter(automatable[:32]).items() if count > 1] == ["Level"]
    assert instrument._parameters[WAVE].num_steps == 3
    assert instrument._parameters[CLICK].num_steps == 2
    assert instrument.is_instrument
    assert instrument.reported_latency_samples == INSTRUMENT_LATENCY


def test_a_click_comes_at_the_note_and_the_latency(instrument: Any) -> None:
    instrument._parameters[CLICK].raw_value = 1.0
    velocities = {0: 127, 1: 100, 64: 2, 127: 64, 128: 32, 300: 1}
    sound = play(instrument, {frame: note_on(60, value) for frame, value in velocities.items()}, 4)
    expected = np.zeros_like(sound)
    for frame, velocity in velocities.items():
        expected[frame + INSTRUMENT_LATENCY] = np.float32(velocity) / np.float32(127)
    np.testing.assert_array_max_ulp(sound, expected)


def test_state_comes_back(instrument: Any, instrument_plugin: Path) -> None:
    rng = np.random.default_rng(1)
    for row in instrument._parameters[:CRASH]:
        row.raw_value = rng.random()
    copy = VST3Plugin(str(instrument_plugin))
    copy.raw_state = instrument.raw_state
    again = VST3Plugin(str(instrument_plugin))
    again.raw_state = copy.raw_state
    assert [row.raw_value for row in again._parameters] == [row.raw_value for row in copy._parameters]
    for ours, theirs in zip(instrument._parameters[:CRASH], copy._parameters[:CRASH], strict=True):
        assert ours.string_value == theirs.string_value


def test_foreign_state_changes_nothing(instrument: Any, effect: Any) -> None:
    before = [row.raw_value for row in instrument._parameters]
    instrument.raw_state = effect.raw_state
    assert [row.raw_value for row in instrument._parameters] == before


def test_a_program_changes_the_sound(instrument: Any) -> None:
    row = instrument._parameters[PROGRAM]
    names = [row.get_text_for_raw_value(step / 3) for step in range(4)]
    assert names == ["Sine", "Click", "Organ", "Saw Pluck"]
    row.raw_value = 1 / 3
    assert np.flatnonzero(play(instrument, {0: note_on(60)}, 4)).tolist() == [INSTRUMENT_LATENCY]


@pytest.mark.parametrize(
    ("message", "semitones"), [(b"", 0.0), (bytes((0xE0, 0x7F, 0x7F)), 2.0), (bytes((0xE0, 0, 0)), -2.0)]
)
def test_pitch_bend(instrument: Any, message: bytes, semitones: float) -> None:
    sound = play(instrument, {0: message or control(1, 0), 1: note_on(69)}, 80)
    # The wheel's top is 8191 of 8192 steps, and crossings are counted in whole samples.
    assert pitch_hz(sound) == pytest.approx(440.0 * 2 ** (semitones / 12), rel=1e-3)


def test_lifting_a_key_and_a_pedal_and_silencing(instrument: Any) -> None:
    release = round(0.05 * RATE)
    off = bytes((0x80, 69, 0))
    endings = {
        "note off": ({1000: off}, 1000 + release),
        "pedal": ({0: control(64, 127), 1000: off, 3000: control(64, 0)}, 3000 + release),
        "all notes off": ({1000: control(123, 0)}, 1000 + release),
        "all sound off": ({1000: control(120, 0)}, 1000),
    }
    for name, (events, end) in endings.items():
        sound = play(instrument, {1: note_on(69), **events}, 60)
        last = int(np.flatnonzero(sound)[-1]) - INSTRUMENT_LATENCY
        # A period before its end the sine may be zero, and the envelope ends by a rounded step.
        assert end - 2 * RATE // 440 < last <= end + 1, name


def test_any_block_size_gives_the_same_effect(effect: Any) -> None:
    sound = np.random.default_rng(0).standard_normal((2, 1000), np.float32)
    effect._parameters[0].raw_value = 0.25  # of 2
    effect._parameters[1].raw_value = 1.0  # inverted
    assert effect.reported_latency_samples == EFFECT_LATENCY
    effect.process(np.zeros((2, 512), np.float32), RATE, 512, False)
    # pedalboard takes one or two frames for channels, and begins anew with a block longer than all before.
    cuts = np.cumsum([0, 3, 64, 65, 400, 468])
    blocks = [effect.process(sound[:, a:b], RATE, 512, False) for a, b in pairwise(cuts)]
    expected = np.zeros_like(sound)
    expected[:, EFFECT_LATENCY:] = -0.5 * sound[:, :-EFFECT_LATENCY]
    assert np.array_equal(np.concatenate(blocks, axis=1), expected)


def test_what_an_instrument_does_on_demand(instrument: Any) -> None:
    play(instrument, {0: note_on(60)}, 10)
    instrument._parameters[BLOW_UP].raw_value = 1.0
    assert np.abs(play(instrument, {}, 10)).max() > 100.0
    instrument._parameters[NAN].raw_value = 1.0
    assert np.isnan(play(instrument, {}, 1)).all()


@pytest.mark.parametrize(("demand", "signal_number"), [(CRASH, signal.SIGSEGV), (HANG, signal.SIGKILL)])
def test_crash_and_hang_are_real(instrument_plugin: Path, demand: int, signal_number: int) -> None:
    program = (
        "import sys, pedalboard\n"
        "plugin = pedalboard.VST3Plugin(sys.argv[1])\n"
        f"plugin._parameters[{demand}].raw_value = 1.0\n"
        "print('now', flush=True)\n"
        f"plugin.process([], {BLOCK / RATE}, {RATE}, 2, {BLOCK}, False)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(instrument_plugin)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"now\n"
        if demand == HANG:
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.5)
            child.kill()
        assert child.wait(20) == -signal_number
