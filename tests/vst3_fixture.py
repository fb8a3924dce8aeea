"""The VST3 plugins made for the tests, built once per machine for each state of their source."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest

SOURCE = Path(__file__).parent / "fixtures" / "vst3"
PACKAGES = (
    "cmake",
    "g++",
    "juce-modules-source",
    "libfontconfig-dev",
    "libfreetype-dev",
    "libjpeg-dev",
    "libpng-dev",
    "libx11-dev",
    "libxext-dev",
    "pkg-config",
    "zlib1g-dev",
)
"""What Debian calls the parts that the build needs; `.ci/system.sh` installs them."""

_JUCE_VERSION = Path("/usr/share/juce/modules/juce_core/system/juce_StandardHeader.h")


@dataclass(frozen=True, slots=True)
class FixturePlugins:
    """The two bundles."""

    instrument: Path
    effect: Path


def fixture_plugins() -> FixturePlugins:
    """The plugins, built now if this source has not been built here before (a few minutes).

    Processes that ask at the same time wait for one of them to build. Without the tools it skips the test
    that asked, or fails it where ``CI`` is set.
    """
    missing = [tool for tool in ("cmake", "c++", "pkg-config") if shutil.which(tool) is None]
    missing += [] if _JUCE_VERSION.is_file() else ["JUCE"]
    if missing:
        _give_up(f"{' and '.join(missing)} must be installed to build the test plugins")
    cache = platformdirs.user_cache_path("tsumami-tests", appauthor=False)
    folder = cache / f"vst3-{_fingerprint()}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with _lock(cache / "vst3.lock"):
            if not folder.is_dir():
                _build(folder)
    return FixturePlugins(folder / "TsumamiFixture.vst3", folder / "TsumamiFixtureEffect.vst3")


def _give_up(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{reason} in CI; `make test` installs it")
    pytest.skip(f"{reason} (on Debian: apt-get install {' '.join(PACKAGES)})")


def _fingerprint() -> str:
    """Hash of all that the plugins are made from: their source, JUCE and the compiler."""
    parts = [path.name.encode() + b"\0" + path.read_bytes() for path in sorted(SOURCE.iterdir())]
    compiler = subprocess.run(["c++", "--version"], capture_output=True, check=True).stdout
    return hashlib.sha256(b"\0".join([*parts, compiler, _JUCE_VERSION.read_bytes()])).hexdigest()[:16]


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    import fcntl  # which Windows lacks, and nothing is built there

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(folder: Path) -> None:
    """Build beside ``folder`` and rename, so that what stands there is whole."""
    print(f"building the VST3 plugins of the tests in {folder} (once, a few minutes)", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="building-", dir=folder.parent) as build:
        _run("cmake", "-S", str(SOURCE), "-B", build, "-D", "CMAKE_BUILD_TYPE=Release")
        _run("cmake", "--build", build, "--parallel", str(os.cpu_count() or 1))
        finished = Path(build) / "finished"
        finished.mkdir()
        for bundle in Path(build).glob("*.vst3"):
            bundle.rename(finished / bundle.name)
        finished.rename(folder)


def _run(*command: str) -> None:
    """Run a step of the build with its progress on standard error; the end of its output on failure."""
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as step:
        for line in step.stdout or ():
            lines.append(line)
            if line.startswith("["):  # the share that is done
                print(line.split("]")[0] + "]", Path(line.split()[-1]).stem, file=sys.stderr)
    if step.returncode:
        end = "".join(lines[-30:])
        pytest.fail(f"{' '.join(command)} failed; on Debian it needs {' '.join(PACKAGES)}\n{end}")
