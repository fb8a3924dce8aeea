"""Music as the restoration paper sees it, the windows over it, and the baselines."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hamming

from tests.training.restoration_tunes import chord, write_tunes
from tsumami.engine.errors import ParameterError, SoundError
from tsumami.training.restoration.baselines import BASELINES, INTERPOLATE, INTERPOLATE_GAPS, REPEAT, ZERO
from tsumami.training.restoration.batches import Windows, training_and_validation
from tsumami.training.restoration.metrics import band_sdr_db, sdr_db
from tsumami.training.restoration.spectra import BINS, HOP, N_FFT, SAMPLE_RATE, Magnitudes, magnitudes
from tsumami.training.restoration.tunes import Tune, fold_of, read_tunes
from tsumami.training.restoration.windows import (
    CONTEXT,
    EDGE,
    GAP,
    WINDOW,
    inner,
    predict_tune,
    whole_span,
    windows_over,
)


@given(st.integers(12, 3000), st.integers(12, 1100))
def test_windows_predict_every_inner_frame_once(frames: int, longest: int) -> None:
    span = whole_span(longest, frames)
    assert span <= min(longest, frames)
    assert (span - EDGE) % GAP == 0
    found = [
        frame
        for start, known in windows_over(frames, span)
        for frame in range(start + CONTEXT + known, start + span - CONTEXT)
    ]
    assert found == list(range(CONTEXT, frames - CONTEXT))


def test_gaps_of_a_window_are_algorithm_2_five_times() -> None:
    given_frames = [set(range(t, t + 12)) - set(range(t + 3, t + 9)) for t in range(0, WINDOW - 11, GAP)]
    predicted = [frame for t in range(0, WINDOW - 11, GAP) for frame in range(t + 3, t + 9)]
    assert len(given_frames) == 5
    assert predicted == list(range(CONTEXT, WINDOW - CONTEXT))


@given(st.integers(12, 200), st.sampled_from([12, 36, 1002]))
def test_a_tune_is_put_together_again(frames: int, span: int) -> None:
    tune = np.random.default_rng(frames).random((frames, BINS)).astype(np.float32)
    np.testing.assert_array_equal(
        predict_tune(lambda rows: rows[:, CONTEXT:-CONTEXT], tune, span), inner(tune)
    )


def test_magnitudes_are_those_of_a_hamming_window() -> None:
    samples = chord(0.5, 0)
    transform = ShortTimeFFT(hamming(N_FFT, sym=False), HOP, SAMPLE_RATE)
    found = np.abs(transform.stft(samples, k_offset=0, p0=2, p1=2 + len(magnitudes(samples)))).T
    np.testing.assert_allclose(magnitudes(samples), found, atol=2e-5)  # float32 of sums of 512
    assert len(magnitudes(samples)) == 1 + (len(samples) - N_FFT) // HOP


@pytest.mark.parametrize(("name", "lags"), [(REPEAT, (-1,)), (INTERPOLATE, (-1, 1))])
def test_baselines_are_what_they_are_called(name: str, lags: tuple[int, ...]) -> None:
    tune = np.random.default_rng(0).random((100, BINS)).astype(np.float32)
    wanted = np.mean([tune[CONTEXT + lag : len(tune) - CONTEXT + lag] for lag in lags], axis=0)
    np.testing.assert_allclose(predict_tune(BASELINES[name], tune, WINDOW), wanted, rtol=1e-6)


def test_interpolation_over_gaps_is_exact_on_lines_and_hears_nothing_of_the_gap() -> None:
    window = np.linspace(0.0, 1.0, 12, dtype=np.float32)[:, None] * np.ones(BINS, np.float32)
    window[CONTEXT : CONTEXT + GAP] += 5.0
    (found,) = BASELINES[INTERPOLATE_GAPS](window[None])
    np.testing.assert_allclose(found, window[CONTEXT : CONTEXT + GAP] - 5.0, atol=1e-6)


def test_sdr_is_equation_12() -> None:
    rng = np.random.default_rng(0)
    true = rng.random((50, BINS)).astype(np.float32)
    assert sdr_db(true, np.zeros_like(true)) == 0.0
    assert sdr_db(true, true * np.float32(0.9)) == pytest.approx(20.0, abs=1e-4)
    assert sdr_db(true, true) is None
    assert sdr_db(np.zeros_like(true), true) is None
    assert predict_tune(BASELINES[ZERO], true, WINDOW).max() == 0.0


def test_bands_hold_every_bin_once() -> None:
    true = np.ones((1, BINS), np.float32)
    counts = []
    for bin_ in range(BINS):
        wrong = true.copy()
        wrong[0, bin_] = 0.0
        counts.append(sum(figure is not None for figure in band_sdr_db(true, wrong)))
    assert counts == [1] * BINS
    tone = _tone(1500.0)
    noisy = tone + np.float32(1e-3)
    figures = band_sdr_db(tone, noisy)
    assert max(range(4), key=lambda band: figures[band] or 0.0) == 1


def _tone(hz: float) -> Magnitudes:
    return magnitudes(np.sin(2 * np.pi * hz * np.arange(8000) / SAMPLE_RATE).astype(np.float32))


def test_a_folder_is_read_tune_by_tune(tmp_path: Path) -> None:
    told = []
    tunes = read_tunes(write_tunes(tmp_path), lambda done, of: told.append((done, of)))
    assert [tune.name for tune in tunes] == ["one", "three", "two"]
    assert told == [(1, 3), (2, 3), (3, 3)]
    for tune in tunes:
        assert tune.magnitudes.dtype == np.float32
        assert tune.magnitudes.max() == 1.0
        assert abs(len(tune.magnitudes) - 122) <= 1, "1 s, whatever its rate"
    fold = fold_of(tunes, "two")
    assert (fold.held_out.name, [tune.name for tune in fold.train]) == ("two", ["one", "three"])
    assert len({fold_of(tunes, tune.name).hash for tune in tunes}) == 3
    assert fold_of(read_tunes(tmp_path), "two").hash == fold.hash
    assert fold_of(tunes, "TW").held_out.name == "two", "a part of a name will do"


@pytest.mark.parametrize("name", ["four", "t", "e"])
def test_what_is_held_out_must_be_one_tune(tmp_path: Path, name: str) -> None:
    tunes = read_tunes(write_tunes(tmp_path))
    with pytest.raises(
        ParameterError, match=r"in the name of one tune, got .*; the tunes are one, three, two"
    ):
        fold_of(tunes, name)


def test_bad_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match=r"2 or more tunes of different names .* got 0 in"):
        read_tunes(tmp_path)
    write_tunes(tmp_path)
    soundfile.write(tmp_path / "short.wav", chord(0.25, 0), SAMPLE_RATE)
    with pytest.raises(SoundError, match=r"at least 0\.31 s long, got 0\.25 s in .*short\.wav"):
        read_tunes(tmp_path)
    soundfile.write(tmp_path / "short.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    with pytest.raises(SoundError, match="that can be heard"):
        read_tunes(tmp_path)
    soundfile.write(tmp_path / "short.wav", np.full(SAMPLE_RATE, np.nan), SAMPLE_RATE, subtype="FLOAT")
    with pytest.raises(SoundError, match="finite numbers"):
        read_tunes(tmp_path)
    (tmp_path / "short.wav").write_bytes(b"not a sound")
    with pytest.raises(SoundError, match="file that libsndfile reads"):
        read_tunes(tmp_path)


def test_training_windows_lie_within_a_tune_and_apart_from_the_validation() -> None:
    lengths = {1: 500, 2: 400, 3: 60}  # the last is too short for both
    tunes = [
        Tune(str(number), (np.arange(frames, dtype=np.float32) + 1000 * number)[:, None].repeat(BINS, axis=1))
        for number, frames in lengths.items()
    ]
    train, valid = training_and_validation(tunes, torch.device("cpu"))
    assert len(train) == sum(frames - WINDOW + 1 for frames in (450, 360, 60))
    steps = torch.arange(WINDOW)
    learned: set[float] = set()
    for windows in train.all(64):
        assert torch.equal(windows[:, :, 0] - windows[:, :1, 0], steps.expand(len(windows), -1).float())
        learned |= set(windows.flatten().tolist())
    judged = {value for windows in valid.all(64) for value in windows.flatten().tolist()}
    assert len(learned) == 450 + 360 + 60
    assert judged
    assert not learned & judged


def test_an_epoch_draws_different_windows() -> None:
    frames = np.arange(100, dtype=np.float32)[:, None].repeat(BINS, axis=1)
    windows = Windows([frames], 1, torch.device("cpu"))
    torch.manual_seed(0)
    drawn = [first for batch in windows.draw(40, 16) for first in batch[:, 0, 0].tolist()]
    assert len(drawn) == len(set(drawn)) == 40
    assert len([1 for batch in windows.draw(1000, 16) for _ in batch]) == len(windows) == 100 - WINDOW + 1
