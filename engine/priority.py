"""Which threads come first: the audio's, then those between a hand and the sound, then all others."""

import contextlib
import os
import sys
from typing import Final

AUDIO_PRIORITY: Final = 70
"""SCHED_FIFO, of a thread that plays by the clock: near that of JACK's server where it has much."""
_CONTROL_PRIORITY: Final = 2
"""SCHED_RR: below the threads of JACK's clients, which have 5 by default, and above all that has none."""
_TURN_SECONDS: Final = 0.0005


def play_in_time() -> None:
    """Let this thread come before all others, where the system has such priorities and grants one."""
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(AUDIO_PRIORITY))


def answer_hands() -> None:
    """Let this thread come before all but the audio's, likewise; threads that it starts do not."""
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(_CONTROL_PRIORITY))


def take_short_turns() -> None:
    """Let threads of this process wait for the interpreter's lock half a millisecond, not Python's five."""
    sys.setswitchinterval(_TURN_SECONDS)
