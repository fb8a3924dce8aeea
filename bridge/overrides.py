"""Options of the command line laid over a session."""

from typing import Any

import msgspec

from tsumami.bridge.session import session_document
from tsumami.bridge.session_tables import Session
from tsumami.engine.errors import SessionError


def overridden(session: Session, **tables: dict[str, Any]) -> Session:
    """``session`` with the given fields replaced, checked by the same rules; None leaves a field as it is."""
    document = session_document(session)
    for table, fields in tables.items():
        document[table].update({name: value for name, value in fields.items() if value is not None})
    try:
        return msgspec.convert(document, Session)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at ")
        option = place.strip("`$.").rpartition(".")[2].replace("_", "-")
        raise SessionError(f"--{option}: {reason[:1].lower()}{reason[1:]}") from None
