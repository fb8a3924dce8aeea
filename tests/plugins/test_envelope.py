"""Envelopes and LFOs keep their times and their ranges."""

import numpy as np
import numpy.typing as npt
import pytest

from tests.plugins.sounds import RATE, Curve, off, on, play, raw, synth_with
from tsumami.engine.events import Kind, event
from tsumami.engine.jit import kernel
from tsumami.plugins.builtin.envelope import ATTACK, IDLE, RELEASE, advance
from tsumami.plugins.builtin.lfo import RAMP, RANDOM, SINE, advance_lfo, start_lfo
from tsumami.plugins.builtin.state import ENVELOPE_DTYPE, LFO_DTYPE, VOICE_DTYPE

TICK = 16 / RATE


def levels(attack: float, decay: float, sustain: float, release: float, held: float, total: float) -> Curve:
    """Level of an envelope at each tick; the key goes up after ``held`` seconds."""
    envelope = np.zeros(1, ENVELOPE_DTYPE)
    envelope["stage"] = ATTACK
    out = np.zeros(round(total / TICK))
    _advance_all(envelope, attack, decay, sustain, release, round(held / TICK), out)
    return out


@kernel
def _advance_all(envelope, attack, decay, sustain, release, held, out):  # type: ignore[no-untyped-def]
    for i in range(len(out)):
        if i == held:
            envelope[0].stage = RELEASE
        advance(envelope[0], TICK, attack, decay, sustain, release)
        out[i] = envelope[0].level


@kernel
def _advance_lfos(lfo, wave, rate_hz, owner, out):  # type: ignore[no-untyped-def]
    start_lfo(lfo[0], wave, owner[0])
    for i in range(len(out)):
        advance_lfo(lfo[0], wave, rate_hz, TICK, owner[0])
        out[i] = lfo[0].value


def lfo_values(wave: int, rate_hz: float, seconds: float = 2.0) -> Curve:
    owner = np.zeros(1, VOICE_DTYPE)
    owner["random"] = 12345
    out = np.zeros(round(seconds / TICK))
    _advance_lfos(np.zeros(1, LFO_DTYPE), wave, rate_hz, owner, out)
    return out


@pytest.mark.parametrize("attack", [0.001, 0.02, 0.5])
def test_the_attack_takes_its_time(attack: float) -> None:
    out = levels(attack, 1.0, 1.0, 1.0, 9.0, 1.0)
    assert (np.argmax(out >= 1.0) + 1) * TICK == pytest.approx(attack, abs=1.1 * TICK)


@pytest.mark.parametrize("decay", [0.05, 0.6])
def test_the_decay_falls_by_60_db_in_its_time(decay: float) -> None:
    out = levels(0.0005, decay, 0.0, 1.0, 9.0, decay + 0.0005)
    assert 20 * np.log10(out[-1]) == pytest.approx(-60.0, abs=1.0)


def test_the_sustain_is_reached_and_held() -> None:
    out = levels(0.01, 0.2, 0.4, 1.0, 9.0, 2.0)
    assert out[-1] == pytest.approx(0.4, abs=1e-6)
    assert np.all(np.diff(out[round(0.02 / TICK) :]) <= 1e-12)


def test_the_release_falls_by_60_db_in_its_time_and_ends() -> None:
    out = levels(0.001, 1.0, 1.0, 0.3, 0.1, 1.0)
    fallen = out[round(0.4 / TICK) - 1] / out[round(0.1 / TICK) - 1]
    assert 20 * np.log10(fallen) == pytest.approx(-60.0, abs=0.5)
    assert out[-1] == 0.0


def test_a_released_voice_ends() -> None:
    synth = synth_with(raw(amp_release=0.05))
    play(synth, [on(0, 60), off(4800, 60)], [RATE])
    assert not synth._memory[0]["voices"]["status"].any()
    assert synth._memory[0]["voices"]["amp"]["stage"][0] == IDLE


def test_the_sound_follows_its_envelope() -> None:
    values = raw(osc1_wave="sine", amp_attack=0.1, amp_decay=0.5, amp_sustain=0.25, amp_release=0.2)
    out = play(synth_with(values), [on(0, 81), off(RATE, 81)], [2 * RATE])[0]
    peaks = np.abs(out).reshape(-1, 240).max(axis=1)  # one each 5 ms
    assert np.argmax(peaks) * 0.005 == pytest.approx(0.1, abs=0.006)
    assert peaks[190:200].mean() / peaks.max() == pytest.approx(0.25, abs=0.01)
    assert 20 * np.log10(peaks[240] / peaks[199]) == pytest.approx(-60.0, abs=2.0)


@pytest.mark.parametrize("wave", [SINE, RAMP, RANDOM])
def test_lfos_stay_within_their_range_and_use_it(wave: int) -> None:
    out = lfo_values(wave, 3.0, 20.0)
    assert np.abs(out).max() <= 1.0
    assert out.max() > 0.8
    assert out.min() < -0.8


def test_lfos_keep_their_rate() -> None:
    out = lfo_values(SINE, 4.0, 4.0)
    assert int(np.argmax(np.abs(np.fft.rfft(out)))) == 16


def test_no_lfo_jumps() -> None:
    for wave in (SINE, RAMP, RANDOM):
        assert np.abs(np.diff(lfo_values(wave, 8.0))).max() < 0.45


@pytest.mark.parametrize("target", ["pitch", "cutoff", "amplitude", "shape"])
@pytest.mark.parametrize("name", ["lfo1", "lfo2"])
def test_each_lfo_moves_each_target(name: str, target: str) -> None:
    still = raw(osc1_wave="pulse", cutoff=1000.0)
    moving = raw(
        osc1_wave="pulse",
        cutoff=1000.0,
        **{f"{name}_target": target, f"{name}_depth": 0.7, f"{name}_rate": 6.0},
    )
    calm = play(synth_with(still), [on(0, 60)], [RATE])
    moved = play(synth_with(moving), [on(0, 60)], [RATE])
    assert np.std(moved - calm) > 0.1 * np.std(calm)


def test_velocity_makes_louder_and_brighter() -> None:
    values = raw(cutoff=1500.0, amp_velocity=0.8, filter_velocity=36.0)
    soft = play(synth_with(values), [on(0, 60, 0.3)], [2 * RATE])[0, RATE:]
    hard = play(synth_with(values), [on(0, 60, 1.0)], [2 * RATE])[0, RATE:]

    def treble_share(samples: npt.NDArray[np.float32]) -> float:
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(RATE)))
        return float(spectrum[1500:].sum() / spectrum.sum())

    assert np.std(hard) > 2 * np.std(soft)
    assert treble_share(hard) > 3 * treble_share(soft)


def test_a_volume_event_changes_the_level_by_its_decibels() -> None:
    synth = synth_with(raw(osc1_wave="sine", volume=-12.0))
    before = play(synth, [on(0, 69)], [RATE])[0, RATE // 2 :]
    after = play(synth, [event(Kind.PARAMETER, 31, 18 / 42, time=0)], [RATE])[0, RATE // 2 :]
    assert 20 * np.log10(np.std(after) / np.std(before)) == pytest.approx(-6.0, abs=0.05)
