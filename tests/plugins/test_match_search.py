"""Searching on from a patch, on the real synthesizer: never worse, often better, and the same each time."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from tsumami.engine.errors import ParameterError
from tsumami.plugins import PARAMETERS, default_values, render_patch
from tsumami.plugins.match.mel import SAMPLE_RATE, mel_power
from tsumami.plugins.match.search import Found, by_detail, by_power, refine

Values = npt.NDArray[np.float32]
FOREVER = 3600.0
MOVED = [[parameter.name for parameter in PARAMETERS].index(name) for name in ("cutoff", "drive", "volume")]


def _note(patch: Values) -> Values:
    return render_patch(patch, hold_seconds=0.4, length_seconds=0.5, sample_rate=SAMPLE_RATE)[0]


def render(values: Values) -> Values:
    """Mels of the default patch with other `MOVED` positions, a short note."""
    patches = np.repeat(default_values()[None], len(values), axis=0)
    patches[:, MOVED] = values
    return np.stack([mel_power(_note(patch)) for patch in patches])


TARGET = np.array([0.8, 0.3, 0.6], np.float32)
START = np.array([0.5, 0.5, 0.5], np.float32)


@pytest.fixture(scope="module")
def target() -> Values:
    mel: Values = render(TARGET[None])[0]
    return mel


@pytest.fixture(scope="module")
def found(target: Values) -> Found:
    return refine(target, START, render, FOREVER, seed=1, most_renders=150)


def test_it_comes_nearer_and_says_by_how_much(found: Found, target: Values) -> None:
    assert found.distance < 0.5 * found.start_distance
    assert 150 <= found.renders < 150 + 20
    heard = render(found.values[None])[0].astype(np.float64)
    reached = np.linalg.norm(heard - target) / np.linalg.norm(target)
    assert found.distance == pytest.approx(reached, rel=1e-6)  # the render is exact, the norm in float64
    assert np.all((found.values >= 0.0) & (found.values <= 1.0))


def test_the_same_seed_finds_the_same(found: Found, target: Values) -> None:
    state = np.random.get_state()[1].tobytes()  # type: ignore[index,union-attr]  # noqa: NPY002
    again = refine(target, START, render, FOREVER, seed=1, most_renders=150)
    assert again.values.tobytes() == found.values.tobytes()
    assert np.random.get_state()[1].tobytes() == state  # type: ignore[index,union-attr]  # noqa: NPY002
    other = refine(target, START, render, FOREVER, seed=2, most_renders=30)
    assert other.values.tobytes() != found.values.tobytes()


@pytest.mark.parametrize("seed", range(4))
def test_it_is_never_worse_than_the_start(seed: int, target: Values) -> None:
    near = TARGET + np.float32(1e-4)  # so near that nearly every try is worse
    found = refine(target, near, render, FOREVER, seed, most_renders=12)
    assert found.distance <= found.start_distance


def test_without_time_it_is_the_start(target: Values) -> None:
    found = refine(target, START, render, 0.0)
    assert (found.renders, found.distance) == (1, found.start_distance)
    assert found.values.tobytes() == START.tobytes()


def test_it_begins_from_the_best_of_many(target: Values) -> None:
    starts = np.stack([START, TARGET, np.zeros(3, np.float32)])
    found = refine(target, starts, render, FOREVER)
    assert (found.start_distance, found.renders) == (0.0, 3), "nothing is left to gain"
    assert found.values.tobytes() == TARGET.tobytes()


def test_positions_outside_are_brought_in(target: Values) -> None:
    found = refine(target, np.array([2.0, -1.0, 0.5], np.float32), render, 0.0)
    np.testing.assert_array_equal(found.values, [1.0, 0.0, 0.5])


def test_renders_that_are_no_numbers_are_passed_over(target: Values) -> None:
    first = True

    def broken(values: Values) -> Values:
        nonlocal first
        mels = render(values)
        if not first:
            mels[::2] = np.nan
        first = False
        return mels

    found = refine(target, START, broken, FOREVER, seed=3, most_renders=40)
    assert np.isfinite(found.distance)
    assert found.distance <= found.start_distance


def test_the_level_is_set_before_the_timbre(target: Values) -> None:
    quiet = np.array([0.8, 0.3, 0.2], np.float32)
    told: list[float] = []
    found = refine(
        target,
        quiet,
        render,
        FOREVER,
        most_renders=12,
        on_step=lambda _seconds, distance: told.append(distance),
    )
    assert found.renders == 12, "the start, a nudge for each parameter, the way to the level"
    assert found.distance < 0.2 * found.start_distance
    assert told == sorted(told, reverse=True)
    assert (told[0], told[-1]) == (found.start_distance, found.distance)


def test_faint_parts_count_where_they_are_told_to(target: Values) -> None:
    same = target[None].astype(np.float64)
    faint = same.copy()
    faint[0, 40:] = 1e-9 * same.max()
    exact = target.astype(np.float64)
    assert by_power(exact, same) == by_detail(exact, same) == [0.0]
    assert by_detail(exact, faint)[0] - by_power(exact, faint)[0] > 0.01, "more than a decibel"
    plain, detailed = (
        refine(target, START, render, FOREVER, seed=1, most_renders=1, measure=measure).distance
        for measure in (by_power, by_detail)
    )
    assert detailed > plain


def test_an_interrupt_keeps_what_is_found(target: Values) -> None:
    calls = 0

    def interrupted(values: Values) -> Values:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return render(values)

    found = refine(target, START, interrupted, FOREVER)
    assert not found.is_whole
    assert found.distance < found.start_distance


def test_silence_is_never_an_answer(target: Values) -> None:
    def gated(values: Values) -> Values:
        return render(values) * (values[:, 2] > 0.3)[:, None, None]

    loud = np.array([0.8, 0.3, 1.0], np.float32)
    found = refine(0.01 * target, loud, gated, FOREVER, most_renders=60)
    assert found.values[2] > 0.3, "though nothing at all is nearer than what is ten times too loud"


def test_one_parameter_is_enough(target: Values) -> None:
    def turn(values: Values) -> Values:
        return render(np.concatenate([values, np.repeat(TARGET[None, 1:], len(values), axis=0)], axis=1))

    found = refine(target, START[:1], turn, FOREVER, seed=1, most_renders=80)
    assert found.values.shape == (1,)
    assert abs(found.values[0] - TARGET[0]) < 0.01


@pytest.mark.parametrize(
    ("change", "seconds", "word"),
    [
        (lambda mel: mel * 0, 1.0, "target must be a sound, got silence"),
        (lambda mel: mel * np.nan, 1.0, "target must be a sound, got silence or samples that are no numbers"),
        (lambda mel: mel, -1.0, "seconds must be at least 0, got -1"),
        (lambda mel: mel, float("nan"), "seconds must be at least 0, got nan"),
    ],
)
def test_what_cannot_be_searched_is_refused(
    change: Callable[[Values], Values], seconds: float, word: str, target: Values
) -> None:
    with pytest.raises(ParameterError, match=word):
        refine(change(target), START, render, seconds)
