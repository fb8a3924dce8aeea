"""The demonstration: what plays when no MIDI input is there."""

from dataclasses import replace
from importlib.resources import as_file, files

from tsumami.bridge.mapping import Mapping, compile_mapping
from tsumami.bridge.performance import read_midi_file
from tsumami.bridge.session_tables import MACRO_NAMES, Session
from tsumami.engine.events import Events

__all__ = ["demonstration"]

_CHANNEL = 0


def demonstration(sample_rate: int, mapping: Mapping) -> tuple[Events, int]:
    """Events of the bundled piece and its length in samples, at which it can be looped.

    It plays whatever channel the session listens to. Its knobs go through ``mapping``; those of
    CC 20-27 that the session has left free move the macros 0-7.
    """
    default = compile_mapping(Session(), macros=MACRO_NAMES, parameters=())
    whole = replace(mapping, table=default.table | mapping.table, channels=frozenset({_CHANNEL}))
    with as_file(files("tsumami.bridge.demo") / "demo.mid") as path:
        performance = read_midi_file(path, whole, sample_rate)
    return performance.events, performance.length
