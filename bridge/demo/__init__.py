"""The demonstration: what plays when no MIDI input is there."""

from collections.abc import Sequence
from importlib.resources import as_file, files

from tsumami.bridge.mapping import compile_mapping
from tsumami.bridge.performance import Performance, read_midi_file
from tsumami.bridge.session.map_tables import default_maps
from tsumami.bridge.session.tables import Session

__all__ = ["demo_performance"]


def demo_performance(macros: Sequence[str], sample_rate: int) -> Performance:
    """The bundled piece with a tour of the default knobs, as far as ``macros`` has their names.

    It is independent of the session's maps and channels, and made to be looped: knobs and keys are
    at its end as at its start.
    """
    maps = [entry for entry in default_maps() if entry.macro in macros]
    mapping = compile_mapping(Session(maps=maps), macros=macros, parameters=())
    with as_file(files("tsumami.bridge.demo") / "demo.mid") as path:
        return read_midi_file(path, mapping, sample_rate)
