"""The wheel is whole: built from the sources and installed alone, every module of it can be imported.

A subpackage or a data file that `pyproject.toml` forgets still works in an editable installation, so only
this test misses it.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("engine", "plugins", "bridge", "training")


_WITHOUT_CALLBACKS = "import numba; numba.cfunc = lambda *_, **__: lambda function: function"
"""Most kernels compile when first called, but PortAudio's callback when imported, which takes long."""


def files_of(package: str) -> list[Path]:
    """Everything that the package consists of, relative to the root."""
    tracked = _run("git", "ls-files", package, cwd=ROOT).splitlines()
    return [Path(name) for name in tracked if (ROOT / name).exists()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, because setuptools leaves a build folder beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def clean_python(wheel: Path) -> Path:
    """Python of a new environment with the wheel; this environment lends its libraries, not its Tsumami."""
    folder = wheel.parent / "environment"
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    _run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-deps",
        "--no-index",
        wheel,
        cwd=folder,
    )
    # A folder named in a .pth file is searched, but the .pth files in it, the editable installation's
    # among them, are not read.
    site_packages = _run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    (Path(site_packages.strip()) / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_wheel_holds_every_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    missing = [
        path.as_posix()
        for package in PACKAGES
        for path in files_of(package)
        if f"tsumami/{path.as_posix()}" not in held
    ]
    assert missing == []


@pytest.mark.slow
def test_every_module_of_the_wheel_imports(clean_python: Path) -> None:
    names = [
        ".".join(("tsumami", *path.with_suffix("").parts)).removesuffix(".__init__")
        for package in PACKAGES
        for path in files_of(package)
        if path.suffix == ".py"
    ]
    program = (
        f"{_WITHOUT_CALLBACKS}; import importlib\n"
        f"for name in {names!r}: print(importlib.import_module(name).__file__)"
    )
    printed = _run(clean_python, "-c", program, cwd=clean_python.parent).split("\n")[:-1]
    assert len(printed) == len(names)
    outside = [path for path in printed if not Path(path).is_relative_to(clean_python.parent.parent)]
    assert outside == []


def _run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(
        [*map(str, command)], check=False, cwd=cwd, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
