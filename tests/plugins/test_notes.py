"""Keys, pedal and voices: stealing, release, mono modes, and no clicks at any of it."""

import numpy as np
import pytest

from tests.plugins.sounds import RATE, Samples, off, on, patch, play, raw, synth_with
from tsumami.engine.events import Events, Kind, event
from tsumami.plugins import BuiltinSynth
from tsumami.plugins.builtin.state import FADING, FREE, SOUNDING

SINE = raw(osc1_wave="sine", amp_attack=0.01, amp_release=0.3)


def pedal(time: int, value: float) -> Events:
    return event(Kind.SUSTAIN, value=value, time=time)


def notes(synth: BuiltinSynth, status: int = SOUNDING) -> list[int]:
    """Notes of the voices in a status."""
    voices = synth._memory[0]["voices"]
    return sorted(int(note) for note in voices["note"][voices["status"] == status])


def released(synth: BuiltinSynth) -> list[int]:
    voices = synth._memory[0]["voices"]
    return sorted(
        int(n) for n in voices["note"][(voices["status"] == SOUNDING) & (voices["released_order"] > 0)]
    )


def pitch_of(samples: Samples) -> float:
    """Frequency in Hz of a sine, from its upward zero crossings."""
    signal = samples[0].astype(np.float64)
    signs = signal > 0
    at = np.flatnonzero(~signs[:-1] & signs[1:])
    crossings = at - signal[at] / (signal[at + 1] - signal[at])
    return float(RATE * (len(crossings) - 1) / (crossings[-1] - crossings[0]))


def test_sixteen_notes_sound_and_the_seventeenth_steals_the_oldest() -> None:
    synth = synth_with(SINE)
    play(synth, [on(10 * i, 40 + i) for i in range(17)], [400])
    assert notes(synth) == list(range(41, 57))
    assert notes(synth, FREE).count(40) + notes(synth, FADING).count(40) == 1


def test_the_oldest_released_note_is_stolen_first() -> None:
    synth = synth_with(SINE)
    play(synth, [on(10 * i, 40 + i) for i in range(16)], [400])
    play(synth, [off(0, 50), off(10, 45), on(20, 70)], [64])
    assert 50 not in notes(synth)
    assert {45, 40, 70} <= set(notes(synth))


def test_the_note_off_of_a_stolen_note_changes_nothing() -> None:
    synth, other = synth_with(SINE, polyphony=1), synth_with(SINE, polyphony=1)
    events = [on(0, 60), on(2000, 67)]
    assert np.array_equal(play(synth, [*events, off(4000, 60)], [8000]), play(other, events, [8000]))


def test_more_notes_at_once_than_all_slots_are_survived() -> None:
    synth = synth_with(SINE)
    out = play(synth, [on(i, 20 + i) for i in range(100)], [2000])
    assert np.isfinite(out).all()
    assert notes(synth) == list(range(104, 120))


def test_a_note_struck_again_releases_its_former_voice() -> None:
    synth = synth_with(SINE)
    play(synth, [on(0, 60), on(1000, 60)], [2000])
    assert notes(synth) == [60, 60]
    assert released(synth) == [60]


def test_the_pedal_holds_notes_until_it_is_lifted() -> None:
    synth = synth_with(SINE)
    play(synth, [on(0, 60), on(0, 64), pedal(10, 1.0), off(100, 60), off(100, 64), on(200, 67)], [400])
    assert released(synth) == []
    play(synth, [pedal(0, 0.3)], [32])
    assert released(synth) == [60, 64]
    assert 67 in notes(synth)


def test_a_key_still_down_when_the_pedal_is_lifted_sounds_on() -> None:
    synth = synth_with(SINE)
    play(synth, [pedal(0, 1.0), on(10, 60), off(20, 60), on(30, 60), pedal(500, 0.0)], [600])
    voices = synth._memory[0]["voices"]
    assert (voices["is_held"] == 1).sum() == 1


def test_all_notes_off_releases_and_lifts_the_pedal() -> None:
    synth = synth_with(SINE)
    play(synth, [pedal(0, 1.0), on(1, 60), on(2, 64), event(Kind.ALL_NOTES_OFF, time=100)], [200])
    assert released(synth) == [60, 64]
    play(synth, [on(0, 72), off(10, 72)], [64])
    assert 72 in released(synth)


def test_all_sound_off_is_silent_within_milliseconds_and_so_are_the_tails() -> None:
    wet = patch(amp_sustain=1.0, reverb_mix=0.8, reverb_time=8.0, chorus=0.6)
    synth = synth_with(wet)
    play(synth, [on(0, 48), on(0, 60)], [RATE])
    out = play(synth, [event(Kind.ALL_SOUND_OFF, time=0)], [RATE])
    assert np.abs(out[:, :128]).max() > 1e-3
    # What is left is the slow filter that blocks DC, at a few Hz.
    assert np.abs(out[:, 512:]).max() < 5e-3
    assert np.abs(np.diff(out[:, 512:])).max() < 1e-5


def test_mono_plays_one_note_and_returns_to_the_one_still_held() -> None:
    synth = synth_with(patch(voice_mode="mono"))
    play(synth, [on(0, 60), on(100, 64), on(200, 67)], [300])
    assert notes(synth) == [67]
    play(synth, [off(0, 67)], [64])
    assert notes(synth) == [64]
    play(synth, [off(0, 60)], [64])
    assert (notes(synth), released(synth)) == ([64], [])
    play(synth, [off(0, 64)], [64])
    assert released(synth) == [64]


def test_a_mono_note_after_a_release_is_a_new_one_with_the_new_wave() -> None:
    synth = synth_with(patch(voice_mode="legato", amp_release=2.0))
    play(synth, [on(0, 60), off(1000, 60), event(Kind.PARAMETER, 32, 1.0, time=1500), on(2000, 67)], [2016])
    voices = synth._memory[0]["voices"]
    assert (notes(synth), notes(synth, FADING)) == ([67], [60])
    assert voices["pitch"][voices["status"] == SOUNDING] == 67.0
    assert voices["wave1"][voices["status"] == SOUNDING] == 3
    assert voices["wave1"][voices["status"] == FADING] == 0


@pytest.mark.parametrize(("mode", "stage"), [("mono", 1), ("legato", 2)])
def test_legato_keeps_the_envelope_and_mono_starts_it_again(mode: str, stage: int) -> None:
    synth = synth_with(raw(voice_mode=mode, amp_attack=0.05, amp_decay=1.0, amp_sustain=0.5))
    play(synth, [on(0, 60), on(12_000, 64)], [12_100])
    voices = synth._memory[0]["voices"]
    assert voices["amp"]["stage"][voices["status"] == SOUNDING][0] == stage


def test_glide_arrives_at_the_new_note() -> None:
    synth = synth_with(raw(osc1_wave="sine", voice_mode="mono", glide=0.2))
    play(synth, [on(0, 57)], [RATE])
    gliding = pitch_of(play(synth, [on(0, 69)], [2400]))
    assert 230.0 < gliding < 400.0
    play(synth, [], [RATE])
    assert pitch_of(play(synth, [], [RATE])) == pytest.approx(440.0, rel=1e-3)


def test_pitch_bend_reaches_two_semitones() -> None:
    synth = synth_with(raw(osc1_wave="sine"))
    play(synth, [on(0, 69), event(Kind.PITCH_BEND, value=1.0, time=0)], [RATE])
    assert pitch_of(play(synth, [], [RATE])) == pytest.approx(440.0 * 2 ** (2 / 12), rel=1e-5)


def bent(time: int, note: int, interval: float) -> Events:
    return event(Kind.NOTE_BEND, note, interval, time=time)


def settled(samples: Samples) -> float:
    """Frequency in Hz of the second half of a sine."""
    return pitch_of(samples[:, samples.shape[1] // 2 :])


def test_a_finger_bends_its_own_note_alone() -> None:
    synth = synth_with(SINE)
    assert settled(play(synth, [on(0, 69), bent(1, 69, 12.0)], [RATE])) == pytest.approx(880, abs=0.5)
    synth = synth_with(SINE)
    assert settled(play(synth, [on(0, 69), bent(1, 70, 12.0)], [RATE])) == pytest.approx(440, abs=0.3)
    after = play(synth, [off(0, 69), bent(1, 69, 5.0)], [4800])
    assert pitch_of(after) == pytest.approx(440, abs=1), "a note that was let go is not bent"


def test_a_note_begins_where_its_finger_is() -> None:
    beginning = play(synth_with(SINE), [bent(0, 69, 12.0), on(0, 69)], [2400])
    assert pitch_of(beginning) == pytest.approx(880, abs=3)


def test_a_mono_voice_has_the_bend_of_the_key_that_it_goes_on_with() -> None:
    synth = synth_with(raw(osc1_wave="sine", voice_mode="legato"))
    events = [bent(0, 69, 12.0), on(0, 69), on(4800, 57)]
    assert settled(play(synth, events, [RATE])) == pytest.approx(220, abs=0.3)
    assert settled(play(synth, [off(0, 57)], [RATE])) == pytest.approx(880, abs=0.5)


def test_a_slide_makes_a_note_brighter_or_darker() -> None:
    values = raw(osc1_wave="saw", cutoff=400.0, filter_env=0.0, noise_level=0.0)
    high = []
    for slide in (-1.0, 0.0, 1.0):
        sound = play(synth_with(values), [event(Kind.NOTE_SLIDE, 45, slide, time=0), on(0, 45)], [RATE])
        spectrum = np.abs(np.fft.rfft(sound[0, RATE // 2 :]))
        high.append(spectrum[1000:].sum() / spectrum.sum())
    assert high[0] < 0.5 * high[1] < 0.25 * high[2]


@pytest.mark.parametrize("kind", [Kind.NOTE_BEND, Kind.NOTE_SLIDE])
@pytest.mark.parametrize(("note", "value"), [(-1, 1.0), (128, 1.0), (60, np.nan), (60, np.inf)])
def test_a_finger_that_cannot_be_is_ignored(kind: Kind, note: int, value: float) -> None:
    plain = play(synth_with(SINE), [on(0, 60)], [4800])
    moved = play(synth_with(SINE), [event(kind, note, value, time=0), on(0, 60)], [4800])
    assert np.array_equal(moved, plain)


def test_pressure_opens_the_filter() -> None:
    values = raw(cutoff=300.0)
    soft = play(synth_with(values), [on(0, 60)], [RATE])
    firm = play(synth_with(values), [on(0, 60), event(Kind.PRESSURE, -1, 1.0, time=0)], [RATE])
    one = play(synth_with(values), [on(0, 60), event(Kind.PRESSURE, 60, 1.0, time=1)], [RATE])
    other = play(synth_with(values), [on(0, 60), event(Kind.PRESSURE, 61, 1.0, time=1)], [RATE])
    assert np.std(firm) > 1.5 * np.std(soft)
    assert np.std(one) > 1.5 * np.std(soft)
    assert np.array_equal(other, soft)


EVENT = 12_003  # inside a control period
LARGEST_BEND = 0.01
"""Largest second difference that is no click, as a share of the tone's peak.

A jump of -40 dB under the tone reaches it. A straight fade of 3 ms bends by 1/144 = 0.007.
"""


def bend(out: Samples) -> float:
    """Largest second difference after the event, as a share of the peak of the steady tone before it."""
    steady = float(np.abs(out[:, 6000:EVENT]).max())
    return float(np.abs(np.diff(out[:, EVENT - 4 :].astype(np.float64), n=2)).max()) / steady


@pytest.mark.parametrize(
    "events",
    [
        [off(EVENT, 48)],
        [event(Kind.ALL_NOTES_OFF, time=EVENT)],
        [event(Kind.ALL_SOUND_OFF, time=EVENT)],
        [on(EVENT, 36)],
        [on(EVENT, 48)],
        [event(Kind.PARAMETER, 31, 0.4, time=EVENT)],
        [event(Kind.PARAMETER, 6, 0.1, time=EVENT)],
        [event(Kind.PARAMETER, 6, 0.5, time=EVENT), event(Kind.PARAMETER, 6, 1.0, time=EVENT + 1000)],
        [event(Kind.PARAMETER, 14, 0.3, time=EVENT)],
        [event(Kind.PARAMETER, 7, 0.7, time=EVENT)],
        [event(Kind.PARAMETER, 8, 0.3, time=EVENT)],
        [event(Kind.PARAMETER, 28, 1.0, time=EVENT), event(Kind.PARAMETER, 29, 1.0, time=EVENT + 500)],
        [event(Kind.PITCH_BEND, value=1.0, time=EVENT)],
        [event(Kind.PARAMETER, 32, 0.0, time=EVENT), event(Kind.PARAMETER, 34, 1.0, time=EVENT)],
    ],
    ids=[
        *("release", "all notes off", "all sound off", "steal", "strike again", "volume", "close cutoff"),
        *("jump of the cutoff", "sustain level", "resonance", "drive", "effects", "bend", "discrete switch"),
    ],
)
def test_nothing_clicks(events: list[Events]) -> None:
    values = raw(osc1_wave="sine", amp_attack=0.02, amp_release=0.03, volume=-12.0)
    out = play(synth_with(values, polyphony=1), [on(0, 48), *events], [16_000])
    assert bend(out) < LARGEST_BEND


def test_the_measure_sees_a_click() -> None:
    out = play(synth_with(raw(osc1_wave="sine", volume=-12.0)), [on(0, 48)], [16_000])
    assert bend(out) < 0.1 * LARGEST_BEND
    out[:, EVENT:] += 0.02 * np.abs(out).max()
    assert bend(out) > LARGEST_BEND
