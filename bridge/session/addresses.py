"""Parameters of plugins as sessions name them: "#7", "id:48" and names, made into the tables' own labels."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tsumami.bridge.session.errors import dotted
from tsumami.bridge.session.map_tables import Map
from tsumami.bridge.session.session import line_of
from tsumami.bridge.session.tables import Session
from tsumami.bridge.session.toml_lines import KeyPath
from tsumami.engine.errors import ParameterError, SessionError
from tsumami.plugins.vst3.parameters import ParameterTable


def resolve_addresses(
    session: Session,
    instrument: ParameterTable | None,
    effects: Mapping[str, ParameterTable],
    path: Path | None = None,
) -> Session:
    """The session with the label of its row for every parameter of a plugin that it names.

    ``instrument`` is None for one that is no plugin. A name that stands for no row or for several raises
    `SessionError`, with the line in the file at ``path``.
    """

    def label(table: ParameterTable | None, address: str, key: KeyPath) -> str:
        if table is None:
            return address
        try:
            return table.labels[table.find(address)]
        except ParameterError as error:
            place = f"{line_of(path, key)}{dotted(key[:-1])}"
            raise SessionError(f"{place}.{error}") from None

    def resolved(number: int, entry: Map) -> Map:
        if entry.parameter is None:
            return entry
        table = instrument if entry.effect is None else effects.get(entry.effect)
        parameter = label(table, entry.parameter, ("map", number, "parameter"))
        return msgspec.structs.replace(entry, parameter=parameter)

    maps = [resolved(number, entry) for number, entry in enumerate(session.maps)]
    sends = [
        msgspec.structs.replace(
            send, parameter=label(instrument, send.parameter, ("send", number, "parameter"))
        )
        for number, send in enumerate(session.sends)
    ]
    return msgspec.structs.replace(session, maps=maps, sends=sends)
