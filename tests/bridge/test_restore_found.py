"""`tsumami restore` without a trace: damage is found and repaired, and nothing else is touched."""

import itertools
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.command import run_tsumami
from tests.melody import melody
from tsumami.bridge.bench import damage as damages
from tsumami.bridge.restoration.found import kinds_of, restore_found
from tsumami.bridge.restoration.job import Job, restore_by
from tsumami.bridge.restoration.mend import stretches_of
from tsumami.bridge.restoration.picture import Mark, chosen
from tsumami.engine.errors import ParameterError, SoundError
from tsumami.engine.restoration import Damage, DamageKind
from tsumami.engine.restoration.concealer import CROSSFADE_SECONDS

RATE = 16_000
CROSSFADE = round(CROSSFADE_SECONDS * RATE)

Audio = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def damaged(channels: int = 2) -> tuple[Audio, Audio, list[Damage]]:
    """Music, the same with zeros, repeats and clicks, and where they are."""
    whole = melody(9.0, RATE, channels, seed=21)
    parts = []
    done: list[Damage] = []
    for number, do in enumerate((damages.zeros, damages.repeats, damages.clicks(10.0))):
        part, own = do(whole[number * 3 * RATE : (number + 1) * 3 * RATE], RATE, number)
        parts.append(part)
        at = number * 3 * RATE
        done += [Damage(one.begin + at, one.end + at, one.kind, one.channel) for one in own]
    return whole, np.concatenate(parts), done


def mask_of(found: tuple[Damage, ...], shape: tuple[int, ...], crossfade: int = 0) -> Mask:
    """What may be changed: for each thing that was found, and the crossfade after it."""
    mask = np.zeros(shape, bool)
    for one in found:
        after = 0 if one.kind is DamageKind.CLICKS else crossfade
        channels = slice(None) if one.channel is None else one.channel
        mask[one.begin : one.end + after, channels] = True
    return mask


@pytest.mark.parametrize("lookahead_ms", [None, 5.0, 0.0])
def test_what_is_found_is_repaired_and_the_rest_is_the_files_own(
    tmp_path: Path, lookahead_ms: float | None
) -> None:
    whole, bad, done = damaged()
    source, target = tmp_path / "in.flac", tmp_path / "out.flac"
    soundfile.write(source, bad, RATE, subtype="PCM_24")
    repair = restore_found(source, target, lookahead_ms=lookahead_ms)
    assert sum(repair.counts.values()) == len(repair.found) >= 0.8 * len(done)
    before, after = (soundfile.read(path, dtype="int32", always_2d=True)[0] for path in (source, target))
    mask = mask_of(repair.found, before.shape, CROSSFADE if lookahead_ms == 0.0 else 0)
    np.testing.assert_array_equal(after[~mask], before[~mask])
    errors = [np.square(sound / 2.0**31 - whole)[mask].sum() for sound in (before, after)]
    assert errors[1] < 0.5 * errors[0], "the repair is nearer to the truth"


def test_a_sound_that_is_whole_comes_back_as_it_was(tmp_path: Path) -> None:
    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(source, melody(4.0, RATE, 2, seed=5), RATE, subtype="PCM_16")
    repair = restore_found(source, target)
    assert repair.found == ()
    assert "no damage found" in repair.line()
    assert target.read_bytes() == source.read_bytes()


def test_a_click_on_one_channel_leaves_the_others_alone(tmp_path: Path) -> None:
    sound = melody(2.0, RATE, channels=3, seed=22)
    hit = sound.copy()
    hit[20_000:20_003, 1] += 0.8
    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(source, hit, RATE, subtype="FLOAT")
    repair = restore_found(source, target)
    assert repair.found == (Damage(20_000, 20_003, DamageKind.CLICKS, 1),)
    after = soundfile.read(target, dtype="float32", always_2d=True)[0]
    changed = np.argwhere(after != hit)
    assert {tuple(place) for place in changed.tolist()} <= {(20_000 + i, 1) for i in range(3)}
    assert np.abs(after - sound).max() < 0.05


def test_clipped_stretches_are_raised_in_a_file_with_floats(tmp_path: Path) -> None:
    whole = melody(4.0, RATE, seed=23)
    limit = 0.4
    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(source, np.clip(whole, -limit, limit) / limit * 0.99997, RATE, subtype="PCM_16")
    repair = restore_found(source, target, [DamageKind.CLIPS])
    assert repair.counts["clips"] > 5
    assert soundfile.info(target).subtype == "FLOAT"
    before, after = (soundfile.read(path, always_2d=True)[0] for path in (source, target))
    mask = mask_of(repair.found, before.shape)
    np.testing.assert_array_equal(after[~mask], before[~mask])
    assert np.all(np.abs(after[mask]) >= np.abs(before[mask]))
    assert np.square(after * limit - whole)[mask].sum() < 0.7 * np.square(before * limit - whole)[mask].sum()


def test_command_lists_what_it_found_and_draws_it(tmp_path: Path) -> None:
    source, out, picture = tmp_path / "in.wav", tmp_path / "out.wav", tmp_path / "picture.png"
    sound = melody(3.0, RATE, channels=2, seed=24)
    sound[20_000:20_320] = 0.0
    sound[30_000, 1] += 0.9
    soundfile.write(source, sound, RATE, subtype="FLOAT")
    told = run_tsumami("restore", str(source), str(out), "--json", "--plot", str(picture))
    assert told.returncode == 0, told.stderr
    document = json.loads(told.stdout)
    assert document["counts"] == {"zeros": 1, "repeats": 0, "clicks": 1}
    assert document["found"] == [
        {"kind": "zeros", "start_seconds": 1.25, "length_ms": 20.0, "channel": None},
        {"kind": "clicks", "start_seconds": 1.875, "length_ms": 0.0625, "channel": 2},
    ]
    assert picture.read_bytes().startswith(b"\x89PNG")
    again = run_tsumami("restore", str(source), str(tmp_path / "b.wav"), "--plot", str(picture))
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "--force" in again.stderr
    assert not (tmp_path / "b.wav").exists()


def test_what_a_trace_says_is_drawn_too(tmp_path: Path) -> None:
    source, trace, picture = tmp_path / "in.wav", tmp_path / "trace.txt", tmp_path / "picture.png"
    soundfile.write(source, melody(1.0, RATE, seed=25), RATE)
    trace.write_text("0" * 31 + "1")
    repair = restore_by(Job(source, tmp_path / "out.wav", trace, plot=picture))
    assert repair.document()["lost"] == 1
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--detect", "none"], "detect must name what is looked for, of zeros, repeats, clicks, clips"),
        (["--detect", "hum"], "detect must be of zeros, repeats, clicks, clips, with commas between"),
        (["--trace", "t.txt", "--detect", "zeros"], "detect must be left out with --trace"),
        (["--packet", "512"], "packet must be left out without --trace"),
        (["--lookahead-ms", "200"], "lookahead must be 0-100 ms, got 200"),
    ],
)
def test_options_that_do_not_fit_are_refused_in_one_line(
    tmp_path: Path, options: list[str], words: str
) -> None:
    source = tmp_path / "in.wav"
    soundfile.write(source, melody(0.5, RATE), RATE)
    told = run_tsumami("restore", str(source), str(tmp_path / "out.wav"), *options)
    assert told.returncode == 2, told.stderr
    assert words in told.stderr
    assert told.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


def test_files_that_cannot_be_searched_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "in.wav"
    soundfile.write(source, melody(0.5, RATE), RATE)
    with pytest.raises(SoundError, match=r"format with floats .* got out\.flac"):
        restore_found(source, tmp_path / "out.flac", [DamageKind.CLIPS])
    with pytest.raises(ParameterError, match="another file"):
        restore_found(source, source, overwrite=True)
    slow = tmp_path / "slow.wav"
    soundfile.write(slow, melody(0.5, RATE), 4_000)
    with pytest.raises(ParameterError, match="sample rate must be 8000-192000 Hz, got 4000"):
        restore_found(slow, tmp_path / "out.wav")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.wav", "slow.wav"]


@given(st.sets(st.sampled_from(list(DamageKind)), min_size=1))
def test_kinds_are_named_with_commas(kinds: set[DamageKind]) -> None:
    assert kinds_of(" , ".join(kind.value for kind in kinds)) == kinds


_SPANS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(1, 40), st.sampled_from([None, 0, 1])), max_size=12
)


@given(_SPANS)
@settings(deadline=None)
def test_stretches_are_apart_and_cover_what_was_found(spans: list[tuple[int, int, int | None]]) -> None:
    found = [Damage(at, at + frames, DamageKind.ZEROS, channel) for at, frames, channel in spans]
    for channel in (0, 1):
        stretches = stretches_of(found, channel)
        covered = {place for one in stretches for place in range(one.begin, one.end)}
        own = {
            place for one in found if one.channel in (None, channel) for place in range(one.begin, one.end)
        }
        assert own <= covered
        assert all(one.end < other.begin for one, other in itertools.pairwise(stretches))


def test_a_picture_has_the_longest_of_each_kind() -> None:
    marks = [Mark(100 * i, 100 * i + i, "zeros", 0) for i in range(1, 9)] + [Mark(5, 6, "clicks", 0)]
    assert [(mark.name, mark.end - mark.begin) for mark in chosen(marks)] == [
        ("clicks", 1),
        ("zeros", 7),
        ("zeros", 8),
    ]
