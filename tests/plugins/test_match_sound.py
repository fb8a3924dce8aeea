"""Sound files of every kind as models hear them, and one clear line for what is none."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from tsumami.engine.errors import SoundError
from tsumami.plugins.match.mel import BANDS, LENGTH, SAMPLE_RATE, mel_power
from tsumami.plugins.match.pitch import frequency_hz, note_of, pitch_hz
from tsumami.plugins.match.sound import read_sound
from tsumami.plugins.offline.floor import spectral_convergence

Samples = npt.NDArray[np.float32]


def tone(rate: int, seconds: float = 2.0, pitch_hz: float = 440.0, level: float = 0.2) -> Samples:
    """A tone with overtones that fades in for 10 ms and dies away."""
    times = np.arange(round(rate * seconds)) / rate
    waves = sum(np.sin(2 * np.pi * number * pitch_hz * times) / number for number in range(1, 6))
    return np.asarray(level * waves * np.minimum(times / 0.01, 1.0) * np.exp(-times), np.float32)


def written(path: Path, samples: Samples, rate: int, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def distance(one: Samples, other: Samples) -> float:
    return spectral_convergence(one.astype(np.float64), other.astype(np.float64))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
def test_rate_and_channels_do_not_matter(rate: int, channels: int, tmp_path: Path) -> None:
    samples = np.repeat(tone(rate)[:, None], channels, axis=1)
    heard = read_sound(written(tmp_path / "tone.wav", samples, rate))
    assert heard.bands == BANDS
    # A resampler's ripple of 0.1 dB would be 0.02.
    assert distance(mel_power(tone(SAMPLE_RATE)), heard.mel) < 0.02


@pytest.mark.parametrize("name", ["tone.flac", "tone.ogg", "tone.mp3"])
def test_formats_do_not_matter(name: str, tmp_path: Path) -> None:
    soundfile.write(tmp_path / name, tone(48_000), 48_000)
    assert read_sound(tmp_path / name).pitch_hz == pytest.approx(440.0, abs=2.0)


def test_a_sound_at_the_rate_of_models_is_heard_bit_for_bit(tmp_path: Path) -> None:
    samples = tone(SAMPLE_RATE, 5.0)
    heard = read_sound(written(tmp_path / "tone.wav", samples, SAMPLE_RATE))
    np.testing.assert_array_equal(heard.samples, samples[:LENGTH])
    np.testing.assert_array_equal(heard.mel, mel_power(samples))
    short = read_sound(tmp_path / "tone.wav", most_seconds=0.5)
    np.testing.assert_array_equal(short.samples, samples[: SAMPLE_RATE // 2])


@pytest.mark.parametrize("noise_db", [-200.0, -60.0])
@pytest.mark.parametrize("silence_seconds", [0.04, 0.5, 20.0])
def test_what_stands_before_the_sound_is_left_out(
    silence_seconds: float, noise_db: float, tmp_path: Path
) -> None:
    rate = 44_100
    silence = np.zeros(round(silence_seconds * rate), np.float32)
    samples = np.concatenate([silence, tone(rate)])
    noise = np.random.default_rng(0).normal(0.0, 10 ** (noise_db / 20), len(samples))
    heard = read_sound(written(tmp_path / "late.wav", (samples + noise).astype(np.float32), rate))
    assert heard.onset_seconds == pytest.approx(silence_seconds, abs=0.006)  # a step of the search
    # The tone moves by 5 ms at most against its frames of 93 ms.
    assert distance(mel_power(tone(SAMPLE_RATE)), heard.mel) < 0.1


def test_a_sound_that_swells_is_not_cut(tmp_path: Path) -> None:
    times = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    swelling = (0.2 * np.minimum(times / 3.0, 1.0) * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    assert read_sound(written(tmp_path / "pad.wav", swelling, SAMPLE_RATE)).onset_seconds == 0.0


def test_what_lies_far_behind_is_not_read(tmp_path: Path) -> None:
    samples = np.concatenate([tone(8_000, 120.0), np.full(100, np.nan, np.float32)])
    heard = read_sound(written(tmp_path / "long.wav", samples, 8_000))
    assert len(heard.samples) == LENGTH


def test_a_low_rate_leaves_the_high_bands_out(tmp_path: Path) -> None:
    heard = read_sound(written(tmp_path / "telephone.wav", tone(8_000), 8_000))
    whole = mel_power(tone(SAMPLE_RATE))
    assert 30 < heard.bands < 50
    assert distance(whole[: heard.bands], heard.mel[: heard.bands]) < 0.02


def test_channels_that_cancel_each_other_are_heard(tmp_path: Path) -> None:
    samples = tone(SAMPLE_RATE)
    heard = read_sound(written(tmp_path / "wide.wav", np.stack([samples, -samples], axis=1), SAMPLE_RATE))
    np.testing.assert_array_equal(heard.samples, samples)


def test_gain_makes_a_whisper_heard(tmp_path: Path) -> None:
    path = written(tmp_path / "whisper.wav", tone(SAMPLE_RATE, level=1e-4), SAMPLE_RATE)
    with pytest.raises(SoundError, match=r"must pass -60 dBFS somewhere, got silence in .*; --gain DB"):
        read_sound(path)
    assert distance(mel_power(tone(SAMPLE_RATE)), read_sound(path, gain_db=66.02).mel) < 0.01


def test_transposing_moves_the_pitch(tmp_path: Path) -> None:
    heard = read_sound(written(tmp_path / "tone.wav", tone(48_000), 48_000))
    assert heard.transposed(7.0).pitch_hz == pytest.approx(frequency_hz(76), rel=0.003)
    assert heard.transposed(-12.0).pitch_hz == pytest.approx(220.0, rel=0.003)


def test_what_is_no_sound_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("not audio at all " * 100)
    (tmp_path / "raw.raw").write_bytes(bytes(1000))
    (tmp_path / "half.wav").write_bytes(b"RIFF\x10\0\0\0WAVEfmt ")
    for name in ("empty.wav", "text.wav", "raw.raw", "half.wav", "missing.wav", "."):
        with pytest.raises(SoundError, match="sound must be an audio file such as WAV") as caught:
            read_sound(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_what_cannot_be_heard_is_one_line(tmp_path: Path) -> None:
    broken = tone(48_000)
    broken[24_000] = np.nan
    cases = {
        "sound must have samples, got none in": (broken[:0], 48_000),
        "sound must pass -60 dBFS somewhere, got silence": (np.zeros(48_000, np.float32), 48_000),
        "samples must be finite numbers, got one that is not at 0.500 s": (broken, 48_000),
        "sample rate must be at least 4000 Hz, got 1000": (tone(1_000), 1_000),
    }
    for line, (samples, rate) in cases.items():
        with pytest.raises(SoundError, match=line):
            read_sound(written(tmp_path / "bad.wav", samples, rate))


@pytest.mark.parametrize("note", range(28, 90, 7))
def test_the_pitch_is_found_with_its_fundamental_or_without(note: int) -> None:
    times = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    hz = frequency_hz(note + 0.2)
    for harmonics in (range(1, 2), range(1, 12), range(2, 8)):
        waves = sum(np.sin(2 * np.pi * number * hz * times + number) / number for number in harmonics)
        found = pitch_hz(np.asarray(waves, np.float32), SAMPLE_RATE)
        assert found is not None
        assert note_of(found) == pytest.approx(note + 0.2, abs=0.1)


def test_noise_silence_and_clicks_have_no_pitch() -> None:
    noise = np.random.default_rng(0).normal(size=SAMPLE_RATE).astype(np.float32)
    for samples in (noise, np.zeros(SAMPLE_RATE, np.float32), noise[:100], np.eye(1, SAMPLE_RATE)[0]):
        assert pitch_hz(samples.astype(np.float32), SAMPLE_RATE) is None


@pytest.mark.parametrize(
    "chord", [(0, 4), (0, 7), (0, 9), (0, 4, 7), (0, 3, 7), (0, 5, 7), (0, 3, 8), (0, 4, 7, 11)]
)
def test_a_chord_has_no_pitch_though_it_has_a_period(chord: tuple[int, ...]) -> None:
    times = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for root in range(45, 74, 4):
        tones = [frequency_hz(root + above) for above in chord]
        waves = sum(np.sin(2 * np.pi * n * hz * times) / n for hz in tones for n in range(1, 9))
        assert pitch_hz(np.asarray(waves, np.float32), SAMPLE_RATE) is None
