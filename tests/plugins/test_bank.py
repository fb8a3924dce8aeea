"""The bank: complete, valid, levelled, varied, and described by tags that can be measured."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tsumami.engine.errors import ParameterError
from tsumami.plugins import (
    CATEGORIES,
    CONTINUOUS,
    PARAMETERS,
    TAG_PAIRS,
    TAGS,
    Patch,
    default_values,
    load_bank,
    positions_of,
    render_patch,
)

RATE = 48_000
NOTES = {"bass": 40, "percussion": 48}
BANK = load_bank()
Sounds = dict[str, npt.NDArray[np.float64]]


@pytest.fixture(scope="module")
def sounds() -> Sounds:
    """Every patch played for 2.5 of 4 seconds, on a key of its register."""
    return {
        patch.name: render_patch(
            patch.values, note=NOTES.get(patch.category, 60), hold_seconds=2.5, sample_rate=RATE
        ).astype(np.float64)
        for patch in BANK
    }


def loudness_db(sound: npt.NDArray[np.float64]) -> float:
    """Level of the loudest 0.4 s, treble-weighted by a first difference below 1 kHz."""
    weighted = np.diff(sound, axis=1) * RATE / (2 * np.pi * 1000)
    energy = (sound[:, 1:] ** 2 + np.minimum(weighted**2, 4 * sound[:, 1:] ** 2)).sum(axis=0)
    sums = np.cumsum(energy)
    window = round(0.4 * RATE)
    return float(10 * np.log10((sums[window:] - sums[:-window]).max() / window))


def centroid_hz(sound: npt.NDArray[np.float64]) -> float:
    spectrum = np.abs(np.fft.rfft(sound.mean(axis=0)))
    return float((spectrum * np.fft.rfftfreq(sound.shape[1], 1 / RATE)).sum() / spectrum.sum())


def side_share(sound: npt.NDArray[np.float64]) -> float:
    return float(np.var(sound[0] - sound[1]) / np.var(sound[0] + sound[1]))


def flatness(sound: npt.NDArray[np.float64]) -> float:
    """Geometric over arithmetic mean of the power spectrum, 50 Hz to 15 kHz."""
    power = np.abs(np.fft.rfft(sound.mean(axis=0)))[200:60_000] ** 2 + 1e-12
    return float(np.exp(np.log(power).mean()) / power.mean())


def attack_seconds(sound: npt.NDArray[np.float64]) -> float:
    """Time until half of the highest level in steps of 5 ms."""
    level = np.abs(sound).max(axis=0).reshape(-1, 240).max(axis=1)
    return float(np.argmax(level > 0.5 * level.max())) * 0.005


def sounding_seconds(sound: npt.NDArray[np.float64]) -> float:
    """Time within 20 dB of the highest level."""
    level = np.abs(sound).max(axis=0).reshape(-1, 240).max(axis=1)
    return float((level > 0.1 * level.max()).sum()) * 0.005


def test_there_are_enough_patches_of_every_category() -> None:
    assert len(BANK) >= 64
    for category in CATEGORIES:
        assert sum(patch.category == category for patch in BANK) >= 8


def test_every_patch_is_valid_named_once_and_tagged() -> None:
    assert len({patch.name for patch in BANK}) == len(BANK)
    for patch in BANK:
        assert patch.values.shape == (len(PARAMETERS),)
        assert patch.values.dtype == np.float32
        assert ((patch.values >= 0) & (patch.values <= 1)).all()
        assert patch.tags
        assert patch.tags <= TAGS
        with pytest.raises(ValueError, match="read-only"):
            patch.values[0] = 0.5


def test_every_tag_is_used_often_enough_to_learn_from() -> None:
    for tag in TAGS:
        assert sum(tag in patch.tags for patch in BANK) >= 4, tag


def test_patches_differ_from_each_other() -> None:
    values = np.stack([patch.values for patch in BANK]).astype(np.float64)
    distance = np.sqrt(((values[:, None] - values[None]) ** 2).sum(axis=2))
    np.fill_diagonal(distance, np.inf)
    assert distance.min() > 0.45


def test_patches_sound_different_from_each_other(sounds: Sounds) -> None:
    bands = np.geomspace(40, 20_000, 25)
    prints = []
    for patch in BANK:
        power = np.abs(np.fft.rfft(sounds[patch.name].mean(axis=0))) ** 2
        places = np.searchsorted(np.fft.rfftfreq(4 * RATE, 1 / RATE), bands)
        prints.append(10 * np.log10(np.add.reduceat(power, places)[:-1] + 1e-6))
    levels = np.stack(prints)
    distance = np.abs(levels[:, None] - levels[None]).mean(axis=2)
    np.fill_diagonal(distance, np.inf)
    assert distance.min() > 1.5  # dB, mean over third octaves


def test_patches_are_audible_level_and_do_not_clip(sounds: Sounds) -> None:
    for patch in BANK:
        peak_db = 20 * np.log10(np.abs(sounds[patch.name]).max())
        assert -20.0 < peak_db < -5.5, patch.name
    sustained = [
        loudness_db(sounds[p.name]) for p in BANK if p.category not in ("percussion", "pluck", "bass")
    ]
    assert np.ptp(sustained) < 9.0


def tagged(tag: str) -> list[Patch]:
    return [patch for patch in BANK if tag in patch.tags]


@pytest.mark.parametrize(
    ("more", "less", "measure", "factor"),
    [
        ("bright", "dark", centroid_hz, 2.5),
        ("wide", "narrow", side_share, 10.0),
        ("noisy", "clean", flatness, 10.0),
        ("soft", "percussive", attack_seconds, 5.0),
        ("long", "short", sounding_seconds, 4.0),
    ],
)
def test_tags_say_what_can_be_measured(
    sounds: Sounds, more: str, less: str, measure: Callable[..., float], factor: float
) -> None:
    high = np.median([measure(sounds[patch.name]) for patch in tagged(more)])
    low = np.median([measure(sounds[patch.name]) for patch in tagged(less)])
    assert high > factor * low


def movement_db(sound: npt.NDArray[np.float64]) -> float:
    """How much the level of a band varies while the key is held, mean over bands."""
    held = sound.mean(axis=0)[RATE : round(2.4 * RATE)]
    frames = np.lib.stride_tricks.sliding_window_view(held, 4096)[::1024] * np.hanning(4096)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    bands = np.add.reduceat(power, np.unique(np.geomspace(10, 1500, 13).astype(int)), axis=1)
    level = 10 * np.log10(bands + 1e-4 * bands.max())
    return float(level.std(axis=0).mean())


def test_moving_patches_move_more_than_static_ones(sounds: Sounds) -> None:
    moving, static = (
        np.median([movement_db(sounds[patch.name]) for patch in tagged(tag)]) for tag in ("moving", "static")
    )
    assert moving > 3 * static


def write_bank(folder: Path, text: str) -> Path:
    path = folder / "bank.toml"
    path.write_text(text, encoding="utf-8")
    return path


GOOD = '[[patch]]\nname = "A"\ncategory = "bass"\ntags = ["dark"]\nparameters = { cutoff = 320 }\n'


def test_a_patch_is_the_default_with_its_settings(tmp_path: Path) -> None:
    (patch,) = load_bank(write_bank(tmp_path, GOOD))
    assert (patch.name, patch.category, patch.tags) == ("A", "bass", {"dark"})
    changed = np.flatnonzero(patch.values != default_values())
    assert [PARAMETERS[row].name for row in changed] == ["cutoff"]
    assert PARAMETERS[6].to_unit(float(patch.values[6])) == pytest.approx(320, rel=1e-5)


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("cutoff = 320", "cutof = 320", r"bank.toml, patch 1 \(A\): parameter must be one of .*'cutof'"),
        ("cutoff = 320", "cutoff = 5", "cutoff must be a number in 20 to 18000 Hz, got 5"),
        ("cutoff = 320", "cutoff = nan", "cutoff must be a number in 20 to 18000 Hz, got nan"),
        ("cutoff = 320", "cutoff = true", "cutoff must be a number"),
        (
            "cutoff = 320",
            'osc1_wave = "sow"',
            "osc1_wave must be one of saw, pulse, triangle, sine, got 'sow'",
        ),
        ("cutoff = 320", "osc1_wave = 1", "osc1_wave must be one of"),
        ('"dark"', '"shiny"', "tag must be one of .* got 'shiny'"),
        ('"dark"', '"dark", "bright"', "tags must not contradict each other, got both 'bright' and 'dark'"),
        ('"bass"', '"brass"', "category must be one of bass, .* got 'brass'"),
        ('name = "A"', "name = 3", "name must be a TOML str, got 3"),
        ('name = "A"', 'name = "A"\nauthor = "me"', "field must be one of .* got 'author'"),
        ("[[patch]]", "[[patches]]", r"bank must hold \[\[patch\]\] tables"),
        ("[[patch]]", "[[patch", "bank must be a readable TOML file"),
    ],
)
def test_bad_banks_are_refused_with_the_rule(tmp_path: Path, before: str, after: str, rule: str) -> None:
    with pytest.raises(ParameterError, match=rule):
        load_bank(write_bank(tmp_path, GOOD.replace(before, after)))


def test_names_are_given_once_and_the_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="patch names must differ, got 'A' twice"):
        load_bank(write_bank(tmp_path, GOOD + GOOD))
    with pytest.raises(ParameterError, match="bank must be a readable TOML file"):
        load_bank(tmp_path / "none.toml")


def test_positions_of_are_the_settings() -> None:
    values = positions_of({parameter.name: parameter.maximum for parameter in PARAMETERS[:CONTINUOUS]})
    assert np.allclose(values[:CONTINUOUS], 1.0)
    assert all(len(pair) == 2 for pair in TAG_PAIRS)
