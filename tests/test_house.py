"""The plan of the house holds: who may import whom, where files live, and that none grows too long."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("engine", "plugins", "bridge", "training")
CODE = (*PACKAGES, "tests", "examples")
TOP_LEVEL_FOLDERS = {*CODE, "docs"}
LONGEST_FILE = 400

MAY_IMPORT = {
    "engine": {"engine"},
    "plugins": {"plugins", "engine"},
    "bridge": {"bridge", "plugins", "engine"},
    "training": {"training", "plugins", "engine"},
}
MAY_REACH_TRAINING = ("bridge/commands/train", "bridge/commands/evaluate", "bridge/bench/")
"""Where bridge may import training, and only inside a function: the rest must run without torch."""

ENGINE_LIBRARIES = {
    "llvmlite",
    "numba",
    "numpy",
    "onnxruntime",
    "platformdirs",
    "rocket_fft",
    "sounddevice",
    "soxr",
}
TRAINING_ONLY = {"torch", "lightning", "lightning_fabric", "zuko"}
RENDERING_ONLY = {"dawdreamer", "pedalboard"}


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Every module that a file names in an import, and whether it stands inside a function."""
    yield from _imports(ast.parse(path.read_text("utf-8")), inside_function=False)


def _imports(node: ast.AST, *, inside_function: bool) -> Iterator[tuple[str, bool]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, inside_function) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno}: imports must be absolute"
        yield from ((f"{node.module}.{alias.name}", inside_function) for alias in node.names)
    elif not _is_for_checkers(node):
        inside = inside_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            yield from _imports(child, inside_function=inside)


def _is_for_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def own_package(module: str) -> str | None:
    """``"engine"`` of ``"tsumami.engine.ring"``; None for a module of someone else's."""
    parts = module.split(".")
    return parts[1] if parts[0] == "tsumami" and len(parts) > 1 else None


def loaded_after(*modules: str) -> set[str]:
    """Names in `sys.modules` of a fresh Python that has imported ``modules``."""
    program = (
        f"import sys, importlib\nfor name in {modules!r}: importlib.import_module(name)\nprint(*sys.modules)"
    )
    return set(output_of(sys.executable, "-c", program).split())


def output_of(*command: str) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(("tsumami", *(parts[:-1] if parts[-1] == "__init__" else parts)))


def settings() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.mark.parametrize("path", sources(*PACKAGES), ids=relative)
def test_imports_go_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    for module, inside_function in imports(path):
        target = own_package(module)
        if target == "training" and inside_function and relative(path).startswith(MAY_REACH_TRAINING):
            continue
        assert target is None or target in MAY_IMPORT[package], f"{package} must not import {module}"
        if package != "training":
            assert module.split(".")[0] not in TRAINING_ONLY, f"{package} must not import {module}"


@pytest.mark.parametrize("path", sources("engine"), ids=relative)
def test_engine_needs_few_libraries(path: Path) -> None:
    roots = {module.split(".")[0] for module, _ in imports(path)}
    assert roots <= ENGINE_LIBRARIES | sys.stdlib_module_names | {"tsumami"}


def test_bridge_loads_without_torch() -> None:
    loaded = loaded_after(*map(module_name, sources("bridge")))
    assert "tsumami.bridge.cli" in loaded
    assert not loaded & (TRAINING_ONLY | {"tsumami.training"})


def test_command_line_starts_without_what_only_rendering_needs() -> None:
    assert not loaded_after("tsumami.bridge.cli") & RENDERING_ONLY


def test_engine_loads_nothing_above_it() -> None:
    loaded = loaded_after("tsumami.engine", "tsumami.engine.process", "tsumami.engine.inference.inference")
    assert not loaded & {f"tsumami.{name}" for name in ("plugins", "bridge", "training")}


def test_every_package_is_listed() -> None:
    folders = {path.parent for path in sources(*PACKAGES)}
    assert set(settings()["tool"]["setuptools"]["packages"]) == {
        ".".join(("tsumami", *folder.relative_to(ROOT).parts)) for folder in folders
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_typed_and_linked_for_checkers(package: str) -> None:
    link = ROOT / ".typing" / "tsumami" / package
    assert link.resolve() == ROOT / package
    assert (ROOT / package / "py.typed").is_file()
    assert settings()["tool"]["setuptools"]["package-dir"][f"tsumami.{package}"] == package


def test_every_folder_of_a_package_has_a_front_door() -> None:
    for folder in {path.parent for path in sources(*PACKAGES)}:
        door = folder / "__init__.py"
        assert door.is_file(), f"{relative(folder)} must have an __init__.py"
        assert ast.get_docstring(ast.parse(door.read_text("utf-8"))), f"{relative(door)} must say what it is"


def test_folders_are_flat() -> None:
    deep = [relative(path) for path in sources(*CODE) if len(path.relative_to(ROOT).parts) > 3]
    assert deep == []


def test_top_level_is_fixed() -> None:
    tracked = output_of("git", "ls-tree", "-d", "--name-only", "HEAD").split()
    assert {name for name in tracked if not name.startswith(".")} <= TOP_LEVEL_FOLDERS


@pytest.mark.parametrize("path", sources(*CODE), ids=relative)
def test_file_is_short_and_finished(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE, "look for the second noun in this file"
    unfinished = [word for word in ("TO" + "DO", "FIX" + "ME", "X" * 3) if word in text]
    assert unfinished == []
