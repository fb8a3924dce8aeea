"""What the timbre encoder hears, that it hears the same in pieces, and how notes of a line are followed."""

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.onnx_models import macros_model
from tsumami.engine.errors import ModelError
from tsumami.engine.timbre.encoder import TimbreEncoder
from tsumami.engine.timbre.features import (
    BANDS,
    BANDS_PER_OCTAVE,
    HOP,
    N_FFT,
    SAMPLE_RATE,
    FrameReader,
    features_of,
)
from tsumami.engine.timbre.follower import NoteFollower

Samples = npt.NDArray[np.float32]

_SAME = 1e-5
"""Sums of float32, in another order where other numbers of frames come together."""


def tone(hz: float, seconds: float, level: float = 0.3, decay: float = 1.0) -> Samples:
    """Eight harmonics that fade."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    waves = sum(np.sin(2.0 * np.pi * hz * number * time) / number for number in range(1, 9))
    return np.asarray(level * waves * np.exp(-decay * time), np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


@cache
def shipped() -> TimbreEncoder:
    encoder = TimbreEncoder()
    encoder.prepare()
    return encoder


@st.composite
def cuts_of(draw: st.DrawFn, length: int) -> list[int]:
    """Places at which a sound is cut."""
    return sorted(draw(st.lists(st.integers(0, length), max_size=12)))


SOUND = np.concatenate([tone(220.0, 0.7), tone(330.0, 0.4, 0.6)])


@settings(max_examples=20, deadline=None)
@given(cuts_of(len(SOUND)))
def test_features_do_not_depend_on_the_pieces(cuts: list[int]) -> None:
    reader = FrameReader()
    read = np.concatenate([reader.read(part) for part in np.split(SOUND, cuts)])
    np.testing.assert_allclose(read, features_of(SOUND), atol=_SAME)


def test_an_octave_is_a_shift() -> None:
    low, high = (features_of(tone(hz, 0.5, decay=0.0))[5] for hz in (440.0, 880.0))
    peaks = [int(frame[: 4 * BANDS_PER_OCTAVE + 20].argmax()) for frame in (low, high)]
    assert peaks[1] - peaks[0] == BANDS_PER_OCTAVE


@pytest.mark.parametrize("gain", [0.1, 0.3, 4.0])
def test_loudness_does_not_matter(gain: float) -> None:
    changed, plain = features_of(np.asarray(SOUND * np.float32(gain), np.float32)), features_of(SOUND)
    heard = plain > 0.3
    np.testing.assert_allclose(changed[heard], plain[heard], atol=1e-3, err_msg="over the floor of 120 dB")


def test_nothing_later_is_heard() -> None:
    whole = features_of(SOUND)
    half = features_of(SOUND[: len(SOUND) // 2])
    np.testing.assert_allclose(whole[: len(half)], half, atol=_SAME)


@settings(max_examples=10, deadline=None)
@given(cuts_of(len(SOUND)))
def test_a_note_in_pieces_is_the_note(cuts: list[int]) -> None:
    encoder = shipped()
    whole = encoder.vectors_of(SOUND)
    assert whole is not None
    encoder.reset()
    for part in np.split(SOUND, cuts):
        encoder.hear(part)
    assert encoder.latest is not None
    np.testing.assert_allclose(encoder.latest.timbre, whole.timbre, atol=_SAME)
    np.testing.assert_allclose(encoder.latest.pitch, whole.pitch, atol=_SAME)


def test_vectors_are_of_length_one() -> None:
    vectors = shipped().vectors_of(SOUND)
    assert vectors is not None
    for vector in (vectors.timbre, vectors.pitch):
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_a_note_that_is_too_short_has_no_vectors() -> None:
    encoder = shipped()
    assert encoder.shortest_samples == N_FFT + HOP
    assert encoder.vectors_of(SOUND[: encoder.shortest_samples - 1]) is None
    assert encoder.vectors_of(SOUND[: encoder.shortest_samples]) is not None


def test_another_kind_of_model_is_refused() -> None:
    with pytest.raises(ModelError, match="kind of model must be timbre, got macros"):
        TimbreEncoder(macros_model())


def test_every_note_of_a_line_ends_soon_after_it_is_let_go() -> None:
    gap, length = silence(0.3), 0.5
    line = np.concatenate([gap, tone(262.0, length), gap, tone(392.0, length), gap])
    follower = NoteFollower(shipped())
    notes = [
        note for first in range(0, len(line), 256) for note in follower.follow(line[first : first + 256])
    ]
    assert [round(note.begin / SAMPLE_RATE, 1) for note in notes] == [0.3, 1.1]
    for note in notes:
        released = note.begin + length * SAMPLE_RATE
        assert 0.0 < note.end - released < 0.06 * SAMPLE_RATE, "under the 100 ms that an answer may take"
        assert len(note.samples) == pytest.approx(length * SAMPLE_RATE, abs=0.05 * SAMPLE_RATE)


def test_a_note_ends_where_the_next_begins() -> None:
    line = np.concatenate([tone(262.0, 0.6, decay=4.0), tone(392.0, 0.6, decay=4.0), silence(0.3)])
    notes = NoteFollower(shipped()).follow(line)
    assert [round(note.begin / SAMPLE_RATE, 1) for note in notes] == [0.0, 0.6]


def test_notes_do_not_depend_on_the_pieces() -> None:
    line = np.concatenate([silence(0.1), tone(262.0, 0.4), silence(0.2), tone(392.0, 0.4), silence(0.2)])
    whole = NoteFollower(shipped()).follow(line)
    follower = NoteFollower(shipped())
    parts = [
        note for first in range(0, len(line), 777) for note in follower.follow(line[first : first + 777])
    ]
    assert [(note.begin, note.end) for note in parts] == [(note.begin, note.end) for note in whole]
    for part, note in zip(parts, whole, strict=True):
        np.testing.assert_allclose(part.vectors.timbre, note.vectors.timbre, atol=_SAME)


def test_silence_and_clicks_are_no_notes() -> None:
    click = np.concatenate([silence(0.3), np.ones(40, np.float32), silence(0.5)])
    assert NoteFollower(shipped()).follow(click) == []


def test_bands_reach_as_far_as_the_sound() -> None:
    assert features_of(SOUND).shape == ((len(SOUND) - N_FFT) // HOP + 1, BANDS)
