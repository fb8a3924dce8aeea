"""Which saved state a crashed plugin goes on with."""

from tsumami.plugins.hosted.checkpoints import Checkpoints


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_there_is_none_before_the_plugin_has_come_up() -> None:
    assert Checkpoints(_Clock()).trusted is None


def test_the_state_that_it_came_up_with_is_trusted_at_once() -> None:
    checkpoints = Checkpoints(_Clock())
    checkpoints.start(b"first")
    assert checkpoints.trusted == b"first"


def test_a_state_is_trusted_when_the_plugin_has_played_a_second_with_it() -> None:
    clock = _Clock()
    checkpoints = Checkpoints(clock)
    checkpoints.start(b"first")
    clock.now += 5.0
    checkpoints.keep(b"second")
    assert checkpoints.trusted == b"first", "it may be what brings it down"
    clock.now += 0.99
    assert checkpoints.trusted == b"first"
    clock.now += 0.02
    assert checkpoints.trusted == b"second"


def test_a_state_saved_every_second_never_trails_by_more_than_two() -> None:
    clock = _Clock()
    checkpoints = Checkpoints(clock)
    checkpoints.start(b"0")
    for second in range(1, 10):
        clock.now += 1.0
        checkpoints.keep(str(second).encode())
        assert int(checkpoints.trusted or b"") == second - 1


def test_a_crash_goes_back_to_the_proven_state_and_begins_anew_from_there() -> None:
    clock = _Clock()
    checkpoints = Checkpoints(clock)
    checkpoints.start(b"good")
    clock.now += 2.0
    checkpoints.keep(b"deadly")
    clock.now += 0.1
    back = checkpoints.trusted
    assert back == b"good"
    checkpoints.start(back)
    clock.now += 10.0
    assert checkpoints.trusted == b"good"
