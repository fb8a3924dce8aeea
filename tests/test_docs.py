"""What the documents say is there: commands with their options, and what they link to."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tsumami.bridge.cli import app

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_FENCE = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(r"`(tsumami [^`]+)`")
_PLACEHOLDERS = {"|", "&", "&&", ">", "2>", "\\", "…", "...", ";"}
"""Where a command ends for who reads it."""


def commands(text: str) -> Iterator[str]:
    """The `tsumami` commands of a page: lines of its blocks, and what is quoted in its sentences."""
    for block in _FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip().startswith("tsumami "):
                yield line.split(" #")[0].strip()
    yield from (" ".join(quoted.split()) for quoted in _QUOTED.findall(_FENCE.sub("", text)))


def words_of(command: str) -> list[str]:
    """The words of a command, up to where it ends."""
    words = shlex.split(command)[1:]
    end = next((place for place, word in enumerate(words) if word in _PLACEHOLDERS), len(words))
    return words[:end]


def options_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and the words after its name."""
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


SAID = [
    pytest.param(command, id=f"{page.relative_to(ROOT)}: {command[:60]}")
    for page in PAGES
    for command in dict.fromkeys(commands(page.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("command", SAID)
def test_every_command_that_a_page_names_has_those_options(command: str) -> None:
    found, rest = options_of(words_of(command.replace("|", "/")))
    alternatives = rest[0].split("/") if rest and hasattr(found, "commands") else []
    for name in alternatives:
        assert name in found.commands, f"no tsumami {name}"
    known = {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}
    named = {word.split("=")[0] for word in rest if re.match(r"--[a-z]", word)} - {"--help"}
    for names in named:
        assert set(names.split("/")) <= known or hasattr(found, "commands"), f"no {names} in {command}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = _LINK.findall(page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing
