"""How knobs take over what somebody else has moved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.mapping import Knob, Source, Target, Turn
from tsumami.bridge.mapping.curve import CURVES
from tsumami.bridge.mapping.knob import ticks
from tsumami.bridge.mapping.source import turn_of
from tsumami.bridge.mapping.takeover import NEAR, Hand
from tsumami.bridge.session.map_tables import CurveName, Encoder, Takeover
from tsumami.engine.events import Kind

SECOND = 1_000_000_000
SOURCE = Source("cc", 1)
BITS = st.integers(0, 127)
UNIT = st.floats(0.0, 1.0)


class Stage:
    """A knob, and a parameter that follows it after a while, rounded to so many values."""

    def __init__(self, takeover: Takeover, value: float, *, values: int = 0, **knob: float) -> None:
        grain = 0.5 / (values - 1) if values else 0.0
        self.hand = Hand(Knob(Target(Kind.PARAMETER, grain=grain), takeover=takeover, **knob))  # type: ignore[arg-type]
        self.values = values
        self.value = value
        self.now_ns = SECOND

    def turn(self, bits: int, *, seconds: float = 1.0, is_late: bool = False) -> float | None:
        """Turn the knob; the value asked for. A parameter that ``is_late`` has not followed yet."""
        self.now_ns += round(seconds * SECOND)
        asked = self.hand.move(turn_of(SOURCE, bits), self.value, self.now_ns)
        if asked is not None and not is_late:
            self.value = self.rounded(asked)
        return asked

    def rounded(self, value: float) -> float:
        return round(value * (self.values - 1)) / (self.values - 1) if self.values else value


@given(st.sampled_from(list(CURVES)), UNIT)
def test_curves_rise_and_are_undone_by_their_inverse(name: CurveName, position: float) -> None:
    curve = CURVES[name]
    assert curve.back(curve.forth(position)) == pytest.approx(position, abs=1e-6)
    assert curve.forth(0.0) == pytest.approx(0.0, abs=1e-12)
    assert curve.forth(1.0) == pytest.approx(1.0, abs=1e-12)
    assert curve.forth(min(position + 0.01, 1.0)) >= curve.forth(position)


@given(UNIT, UNIT, UNIT, st.sampled_from(list(CURVES)))
def test_a_knob_knows_where_it_would_have_to_stand(
    low: float, high: float, at: float, name: CurveName
) -> None:
    knob = Knob(Target(Kind.GAIN, full=0.5, power=2), low=low, high=high, curve=name)
    value = knob.value(at)
    assert knob.value(knob.position(value)) == pytest.approx(value, abs=1e-6)
    assert min(low, high) ** 2 * 0.5 - 1e-9 <= value <= max(low, high) ** 2 * 0.5 + 1e-9


@given(UNIT, st.lists(BITS, min_size=1))
def test_a_jumping_knob_is_where_it_is(value: float, turns: list[int]) -> None:
    stage = Stage("jump", value)
    assert [stage.turn(bits) for bits in turns] == [bits / 127 for bits in turns]


@given(UNIT, st.lists(BITS, min_size=1), st.sampled_from([0.001, 0.1, 1.0]))
def test_a_knob_that_picks_up_never_makes_its_target_jump(
    value: float, turns: list[int], seconds: float
) -> None:
    """Until it holds it nothing moves; it takes it where it stands or passed by, and keeps it then."""
    stage = Stage("pickup", value)
    before, held = None, False
    for bits in turns:
        at = stage.value
        asked = stage.turn(bits, seconds=seconds)
        position = bits / 127
        passed = before is not None and min(before, position) <= at <= max(before, position)
        assert (asked is not None) == (held or passed or abs(position - at) <= NEAR)
        assert asked in (None, position)
        held = asked is not None
        assert (stage.hand.distance == 0.0) == held or at == position
        before = position


def test_pickup_survives_fast_moves_of_what_follows_late() -> None:
    stage = Stage("pickup", 0.5)
    assert stage.turn(0) is None
    assert stage.turn(127, is_late=True) == 1.0  # by it at one go
    assert stage.turn(10, seconds=0.01, is_late=True) == 10 / 127
    assert stage.turn(120, seconds=0.01) == 120 / 127


def test_a_patch_takes_the_target_from_the_knob() -> None:
    stage = Stage("pickup", 0.5)
    assert stage.turn(64) is not None
    stage.value = 0.1
    assert stage.turn(65) is None
    assert stage.hand.distance == pytest.approx(0.1 - 65 / 127)
    assert stage.turn(10) == 10 / 127


def test_a_patch_takes_the_target_from_a_knob_that_is_being_turned() -> None:
    stage = Stage("pickup", 0.5)
    assert [stage.turn(bits, seconds=0.01) for bits in (64, 70, 80)] == [64 / 127, 70 / 127, 80 / 127]
    stage.value = 0.2
    assert stage.turn(81, seconds=0.01) is None


@given(st.integers(2, 8), st.lists(BITS, min_size=2))
def test_stepped_targets_stay_in_the_hand(values: int, turns: list[int]) -> None:
    stage = Stage("pickup", 0.0, values=values)
    assert stage.turn(0) == 0.0
    assert [stage.turn(bits) for bits in turns] == [bits / 127 for bits in turns]


@given(UNIT, st.lists(BITS, min_size=2), st.sampled_from([0.01, 1.0]))
def test_a_scaling_knob_goes_the_same_way_and_reaches_both_ends(
    value: float, turns: list[int], seconds: float
) -> None:
    stage = Stage("scale", value)
    before = turns[0]
    stage.turn(before)
    for bits in turns[1:]:
        at = stage.value
        stage.turn(bits, seconds=seconds)
        against = at - stage.value if bits > before else stage.value - at
        assert against <= NEAR + 1e-9, "but to where the knob is, once near"
        before = bits
    stage.turn(127, seconds=seconds)
    assert stage.value == pytest.approx(1.0)
    stage.turn(0, seconds=seconds)
    assert stage.value == pytest.approx(0.0)


def test_a_scaling_knob_makes_no_jump() -> None:
    stage = Stage("scale", 0.8)
    assert stage.turn(20) is None
    positions = []
    for bits in range(21, 128):
        stage.turn(bits)
        positions.append(stage.value)
    assert max(b - a for a, b in zip([0.8, *positions], positions, strict=False)) < 0.01
    assert positions[-1] == 1.0


@pytest.mark.parametrize(("encoder", "up", "down"), [("twos", 3, 125), ("offset", 67, 61), ("sign", 3, 67)])
def test_the_three_codings_of_endless_encoders(encoder: Encoder, up: int, down: int) -> None:
    assert (ticks(encoder, up), ticks(encoder, down)) == (3, -3)


@given(UNIT, st.lists(st.integers(-5, 5)))
def test_an_endless_encoder_moves_its_target_from_where_it_is(value: float, counts: list[int]) -> None:
    stage = Stage("relative", value, step=0.01)
    for count in counts:
        at = stage.value
        stage.turn(count & 127)
        assert stage.value == pytest.approx(min(max(at + 0.01 * count, 0.0), 1.0), abs=1e-9)
    stage.value = 0.5
    stage.turn(1)
    assert stage.value == pytest.approx(0.51)


def test_a_target_of_which_nothing_is_known_is_taken_at_once() -> None:
    for takeover in ("pickup", "scale"):
        hand = Hand(Knob(Target(Kind.MACRO), takeover=takeover))
        assert hand.move(Turn(SOURCE, 0.25), None, 0) == 0.25
