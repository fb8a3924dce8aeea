"""Loops go round without a seam, in whole bars, at any tempo; a seed and a wish say which."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.loops_model import LATENTS, tiny_loops
from tsumami.engine.errors import ModelError, ParameterError
from tsumami.engine.loops.assembly import STEPS, assemble, resampled_round
from tsumami.engine.loops.choice import Chooser
from tsumami.engine.loops.controls import LoopControl, LoopSettings
from tsumami.engine.loops.generator import LoopGenerator
from tsumami.engine.loops.loop_wav import loop_wav
from tsumami.engine.loops.loudness import LEVEL_DBFS, PEAK_DBFS, evened
from tsumami.engine.loops.seeds import bars_of, between, latent_of
from tsumami.engine.loops.wishes import Wish

TEMPOS = st.floats(40.0, 240.0)


@pytest.fixture(scope="module")
def generator() -> LoopGenerator:
    return LoopGenerator(tiny_loops())


@given(bpm=TEMPOS, bars=st.integers(1, 4), rate=st.sampled_from([22_050, 44_100, 48_000, 96_000]))
def test_a_loop_is_exactly_its_bars(bpm: float, bars: int, rate: int) -> None:
    sounds = np.zeros((bars * STEPS, 50), np.float32)
    assert len(assemble(sounds, 8000, bpm, rate)) == round(bars * 240 / bpm * rate)


@given(bpm=TEMPOS, step=st.integers(0, STEPS - 1))
def test_what_rings_over_the_end_is_heard_at_the_beginning(bpm: float, step: int) -> None:
    """No sample of any sound is lost: the loop's sum is that of its sounds."""
    rng = np.random.default_rng(1)
    sounds = np.zeros((STEPS, 1200), np.float32)
    sounds[step] = rng.standard_normal(1200)
    loop = assemble(sounds, 8000, bpm, 8000)
    # float32: 1200 samples of about 1, each rounded to 6e-8 of it.
    assert loop.sum(dtype=np.float64) == pytest.approx(sounds.sum(dtype=np.float64), abs=1e-3)
    assert np.count_nonzero(loop) == 1200


@given(frames=st.integers(200, 900), harmonic=st.integers(0, 40))
def test_a_period_is_resampled_without_error(frames: int, harmonic: int) -> None:
    """Whatever is below both Nyquist limits is the same sound in another number of samples."""
    tone = np.cos(2 * np.pi * harmonic * np.arange(300) / 300 + 0.3)
    wanted = np.cos(2 * np.pi * harmonic * np.arange(frames) / frames + 0.3)
    # float32, at an amplitude of 1.
    np.testing.assert_allclose(resampled_round(tone, frames), wanted, atol=1e-6)


@pytest.mark.parametrize("bpm", [0.0, 39.9, 240.1, 400.0, float("nan")])
def test_a_tempo_that_is_not_played_is_refused(bpm: float, generator: LoopGenerator) -> None:
    with pytest.raises(ParameterError, match="bpm must be 40-240"):
        generator.loop(1, Wish(bpm=bpm))


@pytest.mark.parametrize("bars", [0, -1, 9])
def test_a_number_of_bars_that_is_not_played_is_refused(bars: int, generator: LoopGenerator) -> None:
    with pytest.raises(ParameterError, match="bars must be 1-8"):
        generator.loop(1, Wish(), bars=bars)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"kind": "violin"}, "kind must be bass or drums"),
        ({"density": 1.5}, "density must be 0-1"),
        ({"brightness": -0.1}, "brightness must be 0-1"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(wish: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        Wish(**wish)  # type: ignore[arg-type]


@given(first=st.integers(0, 1000), second=st.integers(0, 1000), share=st.floats(0, 1))
def test_the_way_between_seeds_keeps_their_lengths(first: int, second: int, share: float) -> None:
    """Along the arc no place is nearer to the origin than both ends, and the ends are the seeds."""
    ends = latent_of(first, 32), latent_of(second, 32)
    lengths = [float(np.linalg.norm(end)) for end in ends]
    length = float(np.linalg.norm(between(*ends, share)))
    assert min(lengths) - 1e-3 <= length <= max(lengths) + 1e-3
    np.testing.assert_allclose(between(*ends, 0.0), ends[0], atol=1e-5)
    np.testing.assert_allclose(between(*ends, 1.0), ends[1], atol=1e-5)


def test_a_turn_to_the_end_is_the_next_seed() -> None:
    np.testing.assert_allclose(bars_of(7, 1.0, 1, 16), bars_of(8, 0.0, 1, 16), atol=1e-5)


def test_bars_of_one_seed_are_alike_and_not_the_same(generator: LoopGenerator) -> None:
    loop = generator.loop(3, Wish(bpm=120.0), bars=4, sample_rate=8000)
    first, second, third, _ = loop.reshape(4, -1)
    assert np.corrcoef(first, second)[0, 1] > 0.5
    assert not np.allclose(first, second, atol=1e-3)
    np.testing.assert_allclose(first[1000:], third[1000:], atol=1e-5)


def test_the_same_seed_is_the_same_loop(generator: LoopGenerator) -> None:
    one, again, other = (generator.loop(seed, Wish()) for seed in (7, 7, 8))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@given(st.floats(1e-3, 1e3), st.integers(0, 99))
def test_every_loop_is_as_loud_as_its_peak_lets_it(gain: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    loop = (gain * rng.normal(size=4000) * rng.integers(0, 2, 4000)).astype(np.float32)
    even = evened(loop)
    power_db = 10.0 * np.log10(np.mean(np.square(even, dtype=np.float64)))
    peak_db = 20.0 * np.log10(np.abs(even).max())
    assert power_db < LEVEL_DBFS + 0.01
    assert peak_db < PEAK_DBFS + 0.01
    assert max(power_db - LEVEL_DBFS, peak_db - PEAK_DBFS) > -0.01
    assert not evened(np.zeros(100, np.float32)).any()


def test_a_model_of_other_steps_is_refused() -> None:
    with pytest.raises(ModelError, match=r"tensors of a loops model must be .* y \[1, 16, frames\]"):
        LoopGenerator(tiny_loops(steps=12))


def test_a_loop_says_where_it_ends_and_its_tempo(generator: LoopGenerator) -> None:
    loop = generator.loop(1, Wish(bpm=100.0), bars=2, sample_rate=44_100)
    content = loop_wav(loop, 44_100, 100.0, 2, root=62, texts={"INAM": "line", "ICMT": "D minor"})
    audio, rate = soundfile.read(io.BytesIO(content), dtype="float32")
    np.testing.assert_array_equal(audio, loop)
    assert rate == 44_100
    assert struct.unpack("<I", content[4:8])[0] == len(content) - 8
    chunks = dict(_chunks(content))
    begin, end = struct.unpack("<2I", chunks[b"smpl"][44:52])
    assert (begin, end) == (0, len(loop) - 1)
    flags, root, _, _, beats, low, high, bpm = struct.unpack("<IHHfIHHf", chunks[b"acid"])
    assert (flags, root, beats, low, high, bpm) == (2, 62, 8, 4, 4, 100.0)
    assert b"INAM\x05\0\0\0line\0" in chunks[b"LIST"]
    with soundfile.SoundFile(io.BytesIO(content)) as file:
        assert (file.title, file.comment) == ("line", "D minor")


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 12
    while at < len(content):
        name, size = content[at : at + 4], struct.unpack("<I", content[at + 4 : at + 8])[0]
        found.append((name, content[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def test_undo_goes_back_through_the_seeds() -> None:
    chooser = Chooser(LoopSettings(seed=5))
    chooser.ask(LoopControl.NEXT, 1.0)
    chooser.ask(LoopControl.TURN, 0.4)
    chooser.ask(LoopControl.SEED, 90.0)
    seeds = [chooser.choice.seed]
    for _ in range(3):
        chooser.ask(LoopControl.UNDO, 1.0)
        seeds.append(chooser.choice.seed)
    assert seeds == [90, 6, 5, 5]
    assert chooser.choice.turn == 0.0


def test_what_is_held_stays_but_for_the_tempo() -> None:
    chooser = Chooser(LoopSettings(seed=5))
    before = chooser.choice
    chooser.ask(LoopControl.HOLD, 1.0)
    for control, value in ((LoopControl.SEED, 9.0), (LoopControl.DENSITY, 0.9), (LoopControl.TEMPO, 90.0)):
        chooser.ask(control, value)
    assert chooser.choice == replace(before, wish=replace(before.wish, bpm=90.0))
    chooser.ask(LoopControl.HOLD, 0.0)
    assert (chooser.choice.seed, chooser.choice.wish.density) == (9, 0.9)


@given(bpm=st.floats(20.0, 400.0))
def test_a_tempo_beyond_is_played_in_half_or_double_time(bpm: float) -> None:
    chooser = Chooser(LoopSettings())
    chooser.ask(LoopControl.TEMPO, bpm)
    played = chooser.choice.wish.bpm
    assert 40.0 <= played <= 240.0
    assert np.log2(played / bpm) == pytest.approx(round(np.log2(played / bpm)), abs=1e-9)


@given(controls=st.lists(st.tuples(st.integers(-1, 12), st.floats(-10, 1e7)), max_size=30))
def test_nothing_that_is_asked_makes_a_choice_that_cannot_be_played(
    controls: list[tuple[int, float]],
) -> None:
    chooser = Chooser(LoopSettings())
    for control, value in controls:
        chooser.ask(control, value)
        assert 40.0 <= chooser.choice.wish.bpm <= 240.0
        assert chooser.choice.seed >= 0


def test_a_latent_is_as_long_as_the_model_says(generator: LoopGenerator) -> None:
    assert generator.latents == LATENTS
