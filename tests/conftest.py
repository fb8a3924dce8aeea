"""What the tests share: a real JACK server, the command line in a process of its own, nothing left behind."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

from tests.jack import JackServer, running_jack_server
from tests.leftovers import assert_nothing_left, live_processes, shared_memory_names

# Timing is judged in benchmarks, and the first example may load kernels. In CI the same examples every time.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

# A JACK client starts a server of its own accord unless told not to.
os.environ["JACK_NO_START_SERVER"] = "1"


@pytest.fixture(scope="session")
def jack_server() -> Iterator[JackServer]:
    """A private JACK server without hardware, 48 kHz in blocks of 128, that this process's children use.

    Skips where jackd is not installed, but fails in CI. PortAudio looks for servers once per process,
    when it is imported, so a test that plays to JACK does it in a child process.
    """
    with running_jack_server() as server:
        yield server


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Fail the test if a process or shared memory of Tsumami outlives it."""
    processes, segments = live_processes(), shared_memory_names()
    yield
    assert_nothing_left(known_processes=processes, known_segments=segments)
