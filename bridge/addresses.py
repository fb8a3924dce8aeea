"""Parameters of plugins as sessions name them: "#7", "id:48" and names, made into the tables' own labels."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tsumami.bridge.session import line_of
from tsumami.bridge.session_tables import Map, Session
from tsumami.engine.errors import ParameterError, SessionError
from tsumami.plugins.vst3.parameters import ParameterTable


def resolve_addresses(
    session: Session,
    instrument: ParameterTable | None,
    effects: Mapping[str, ParameterTable],
    path: Path | None = None,
) -> Session:
    """The session with the label of its row for every parameter of a plugin that a map names.

    ``instrument`` is None for one that is no plugin. A name that stands for no row or for several raises
    `SessionError`, with the line in the file at ``path``.
    """

    def resolved(number: int, entry: Map) -> Map:
        table = instrument if entry.effect is None else effects.get(entry.effect)
        if entry.parameter is None or table is None:
            return entry
        try:
            label = table.labels[table.find(entry.parameter)]
        except ParameterError as error:
            place = line_of(path, ("map", number, "parameter"))
            raise SessionError(f"{place}map[{number}].{error}") from None
        return msgspec.structs.replace(entry, parameter=label)

    maps = [resolved(number, entry) for number, entry in enumerate(session.maps)]
    return msgspec.structs.replace(session, maps=maps)
