"""The description at the top of a u-he preset: author, categories, and the words it is found by."""

import re
from collections.abc import Mapping
from typing import Final

from tsumami.engine.errors import ParameterError

_FIELD: Final = re.compile(r"^([A-Za-z][\w ]*):[ \t]*\r?\n[ \t]*'(.*?)'[ \t]*\r?$", re.MULTILINE | re.DOTALL)


def read_meta(head: str) -> dict[str, str]:
    """The fields of a description by name: Bank, Author, Description, Categories, Features, Character …"""
    return dict(_FIELD.findall(head))


def written_meta(fields: Mapping[str, str]) -> str:
    """A description of those fields that say something."""
    for name, text in fields.items():
        if "'\n" in text or "*/" in text:
            raise ParameterError(f"{name} must not hold the end of a description, got {text!r}")
    said = "".join(f"{name}:\n'{text}'\n\n" for name, text in fields.items() if text)
    return f"/*@Meta\n\n{said}*/\n" if said else ""
