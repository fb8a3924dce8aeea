"""Options of the command line laid over a session."""

from typing import Any

import msgspec

from tsumami.bridge.session.errors import rule_and_value
from tsumami.bridge.session.session import session_document
from tsumami.bridge.session.tables import Session
from tsumami.engine.errors import SessionError

_OPTIONS: dict[tuple[str, ...], str] = {
    ("device", "name"): "device",
    ("input", "device"): "input",
    ("input", "model"): "repair-model",
    ("osc", "port"): "osc-port",
    ("osc", "host"): "osc-host",
    ("groove", "on"): "groove",
    ("groove", "reference"): "groove-reference",
    ("timbre", "index"): "timbre-index",
    ("page", "port"): "page-port",
    ("page", "host"): "page-host",
}
"""Options that are called otherwise than their field."""


def overridden(session: Session, **tables: dict[str, Any]) -> Session:
    """``session`` with the given fields replaced, checked by the same rules; None leaves a field as it is."""
    document = session_document(session)
    for table, fields in tables.items():
        document[table].update({name: value for name, value in fields.items() if value is not None})
    try:
        return msgspec.convert(document, Session)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at ")
        key = tuple(place.strip("`$.").split("."))
        option = _OPTIONS.get(key, key[-1].replace("_", "-"))
        raise SessionError(f"--{option} must be {rule_and_value(reason, key, document)}") from None
