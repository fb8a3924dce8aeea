"""Parameters as control changes: what is received in the end is where the parameters stand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.midi import Control, Controls

STEP = 0.004


def received(messages: list[bytes]) -> dict[tuple[int, int], int]:
    """The other side's state: last value by channel and controller."""
    return {(message[0] & 0x0F, message[1]): message[2] for message in messages}


def test_range_channel_and_turned_over_range() -> None:
    positions = np.array([0.0, 0.5, 1.0])
    controls = Controls(
        [
            Control(0, cc=1),
            Control(1, cc=2, channel=15, low=0.2, high=0.6),
            Control(2, cc=3, low=1.0, high=0.0),
        ],
        positions,
    )
    assert controls.due(0.0, 10) == [
        bytes((0xB0, 1, 0)),
        bytes((0xBF, 2, round(127 * 0.4))),
        bytes((0xB0, 3, 0)),
    ]
    positions[2] = 0.0
    assert controls.due(STEP, 10) == [bytes((0xB0, 3, 127))]


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=5, max_size=5), min_size=1, max_size=30),
    st.integers(1, 3),
)
def test_however_it_moves_what_arrives_last_is_where_it_stands(moves: list[list[float]], most: int) -> None:
    positions = np.zeros(5)
    controls = Controls([Control(row, cc=row) for row in range(5)], positions)
    sent: list[bytes] = []
    now = 0.0
    for move in moves:
        positions[:] = move
        now += STEP
        due = controls.due(now, most)
        assert len(due) <= most
        sent += due
    for _ in range(5):
        now += STEP
        sent += controls.due(now, most)
    assert received(sent) == {(0, row): round(127 * moves[-1][row]) for row in range(5)}


def test_none_waits_longer_than_its_turn() -> None:
    positions = np.zeros(9)
    controls = Controls([Control(row, cc=row) for row in range(9)], positions)
    turns = []
    for step in range(30):
        positions[:] = step % 2
        turns.append([message[1] for message in controls.due(step * STEP, 3)])
    for first, second, third in zip(turns, turns[1:], turns[2:], strict=False):
        assert sorted(first + second + third) == list(range(9))


def test_what_rests_is_sent_once_more_and_then_no_more() -> None:
    controls = Controls([Control(0, cc=7)], np.array([1.0]))
    message = bytes((0xB0, 7, 127))
    assert [controls.due(second, 1) for second in (0.0, 0.2, 0.3, 0.6, 9.0)] == [
        [message],
        [],
        [message],
        [],
        [],
    ]
    controls.forget()
    assert controls.due(10.0, 1) == [message]


def test_less_than_a_step_of_seven_bits_sends_nothing() -> None:
    positions = np.array([0.5])
    controls = Controls([Control(0, cc=7)], positions)
    assert len(controls.due(0.0, 1)) == 1
    positions[0] += 0.002
    assert controls.due(STEP, 1) == []


def test_without_controls_there_is_nothing_to_send() -> None:
    assert Controls([], np.zeros(128)).due(0.0, 3) == []
