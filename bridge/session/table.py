"""How a table of a session file is written: immutable, with a description and a rule for each field."""

from typing import Any

import msgspec
from msgspec import Meta


def meta(description: str, **rules: Any) -> Meta:
    """What a field is, in words for the user, and the rules that its values keep to."""
    return Meta(description=description, **rules)


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all tables of a session share: immutable, and no field that is not listed."""
