"""Controllers of fourteen bits and numbered parameters, as controllers send them."""

from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.mapping import Mapping, Source, Turn, compile_mapping
from tsumami.bridge.midi.registers import Registers
from tsumami.bridge.session.session import Map, Session

WIDE = Source("cc", 7)
VALUES = st.integers(0, 16383)


def mapping(*maps: Map) -> Mapping:
    return compile_mapping(Session(maps=list(maps)), macros=[], parameters=[])


def read(registers: Registers, *messages: tuple[int, int]) -> list[Turn]:
    turns = (registers.read(cc, value) for cc, value in messages)
    return [turn for turn in turns if turn is not None]


@given(st.lists(VALUES, min_size=2))
def test_both_halves_make_one_turn(values: list[int]) -> None:
    registers = Registers(0, mapping(Map(cc=7, bits=14, gain=True)))
    read(registers, (7, 0), (39, 0))
    for value in values:
        assert read(registers, (7, value >> 7), (39, value & 127)) == [Turn(WIDE, value / 16383)]


def test_a_controller_without_fine_halves_counts_too() -> None:
    registers = Registers(0, mapping(Map(cc=7, bits=14, gain=True)))
    assert read(registers, (7, 0), (7, 127)) == [Turn(WIDE, 0.0, 0), Turn(WIDE, 1.0, 127)]


@given(st.integers(0, 16382), st.lists(VALUES, min_size=2))
def test_a_numbered_parameter_is_chosen_and_then_turned(number: int, values: list[int]) -> None:
    registers = Registers(0, mapping(Map(nrpn=number, gain=True)))
    read(registers, (99, number >> 7), (98, number & 127), (6, 0), (38, 0))
    for value in values:
        turns = read(registers, (6, value >> 7), (38, value & 127))
        assert turns == [Turn(Source("nrpn", number), value / 16383)]


def test_up_and_down_count_by_one() -> None:
    registers = Registers(0, mapping(Map(rpn=5, gain=True)))
    turns = read(registers, (101, 0), (100, 5), (6, 64), (96, 0), (97, 0), (97, 0))
    assert [round(turn.position * 16383) for turn in turns[1:]] == [8193, 8192, 8191]


def test_data_of_others_is_an_ordinary_controller() -> None:
    registers = Registers(0, mapping(Map(nrpn=300, gain=True)))
    assert read(registers, (99, 2), (98, 45), (6, 10)) == [Turn(Source("cc", 6), 10 / 127, 10)]  # number 301
    assert read(registers, (99, 127), (98, 127), (6, 10)) == [Turn(Source("cc", 6), 10 / 127, 10)]  # none
    plain = Registers(0, mapping(Map(cc=98, gain=True)))
    assert read(plain, (98, 1)) == [Turn(Source("cc", 98), 1 / 127, 1)]


@given(st.lists(st.tuples(st.integers(0, 119), st.integers(0, 127))))
def test_noise_stays_in_range(messages: list[tuple[int, int]]) -> None:
    registers = Registers(0, mapping(Map(cc=7, bits=14, gain=True), Map(nrpn=0, gain=True)))
    assert all(0.0 <= turn.position <= 1.0 for turn in read(registers, *messages))
