"""Which threads come first, where the system grants it."""

import os
import threading
from collections.abc import Callable

import pytest

from tsumami.engine.priority import AUDIO_PRIORITY, answer_hands, play_in_time

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="no such priorities here")


def _is_granted() -> bool:
    """Whether this user may have real-time priority; without it all stays as it was."""
    import resource

    return os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_RTPRIO)[0] >= AUDIO_PRIORITY


def _in_a_thread(act: Callable[[], None]) -> tuple[int, int]:
    """Policy and priority of a thread that acts."""
    seen: list[tuple[int, int]] = []

    def run() -> None:
        act()
        policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        seen.append((policy, os.sched_getparam(0).sched_priority))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return seen[0]


def test_hands_come_before_all_but_the_audio() -> None:
    audio, hands = _in_a_thread(play_in_time), _in_a_thread(answer_hands)
    if not _is_granted():
        assert audio == hands == (os.SCHED_OTHER, 0)
        return
    assert audio == (os.SCHED_FIFO, AUDIO_PRIORITY)
    assert hands[0] == os.SCHED_RR
    assert 0 < hands[1] < 5, "below what JACK gives its clients"


def test_what_such_a_thread_starts_is_as_all_others() -> None:
    seen: list[tuple[int, int]] = []

    def start() -> None:
        answer_hands()
        seen.append(_in_a_thread(lambda: None))

    _in_a_thread(start)
    assert seen == [(os.SCHED_OTHER, 0)]
