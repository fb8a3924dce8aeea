"""What the tests share: a real JACK server, the command line in a process of its own, nothing left behind."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.jack import JackServer, running_jack_server
from tests.leftovers import assert_nothing_left, live_processes, shared_memory_names
from tests.vst3_fixture import FixturePlugins, fixture_plugins

# Timing is judged in benchmarks, and the first example may load kernels. In CI the same examples every time.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

# A JACK client starts a server of its own accord unless told not to.
os.environ["JACK_NO_START_SERVER"] = "1"


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Sessions of the tests leave nothing in the user's folders, and find nothing there."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    os.environ["XDG_DATA_HOME"] = str(tmp_path_factory.mktemp("data"))


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


@pytest.fixture(scope="session")
def built_plugins(pytestconfig: pytest.Config) -> FixturePlugins:
    """The VST3 plugins made for the tests; the first build shows its progress."""
    capture: Any = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        return fixture_plugins()


@pytest.fixture(scope="session")
def instrument_plugin(built_plugins: FixturePlugins) -> Path:
    """A VST3 instrument whose sound can be foretold, and which misbehaves on demand."""
    return built_plugins.instrument


@pytest.fixture(scope="session")
def effect_plugin(built_plugins: FixturePlugins) -> Path:
    """A VST3 effect that delays by what it reports, and which misbehaves on demand."""
    return built_plugins.effect
