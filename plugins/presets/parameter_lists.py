"""Which parameters of an instrument a model learns, and which take choices: ``parameter_lists.toml``."""

import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tsumami.engine.errors import ParameterError

ALL: Final = "all"
_CHOICES: Final = "choices"


def parameter_list(instrument: str, choice: str, present: Sequence[str]) -> tuple[str, ...]:
    """The parameters of ``instrument`` that ``choice`` (`ALL`, or the name of a list) stands for.

    ``present`` are the names that the instrument itself has. Raises `ParameterError` for a list that is not
    there, and for names that the instrument lacks or has twice.
    """
    if choice == ALL:
        return tuple(present)
    lists = {name: names for name, names in _table_of(instrument).items() if name != _CHOICES}
    if choice not in lists:
        known = ", ".join([*lists, ALL])
        raise ParameterError(f"parameters must be one of {known} for {instrument}, got {choice}")
    counts = Counter(present)
    wrong = [name for name in lists[choice] if counts[name] != 1]
    if wrong:
        raise ParameterError(
            f"parameters of the list {choice} must each be there once in {instrument}, "
            f"got {counts[wrong[0]]} named {wrong[0]!r}"
        )
    return tuple(lists[choice])


def choice_table(instrument: str) -> dict[str, tuple[str, ...]]:
    """Names of the choices of each discrete parameter of ``instrument``; none where the table has none."""
    return {name: tuple(choices) for name, choices in _table_of(instrument).get(_CHOICES, {}).items()}


def _table_of(instrument: str) -> dict[str, Any]:
    """The table whose name the instrument's begins with; empty where there is none."""
    text = Path(__file__).with_name("parameter_lists.toml").read_text("utf-8")
    plain = "".join(character for character in instrument.casefold() if character.isalnum())
    tables = tomllib.loads(text)
    return next((table for name, table in tables.items() if plain.startswith(name)), {})
