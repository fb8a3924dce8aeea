"""Presets of synthesizers: one small module a format, all of one shape; no plugin is loaded to read them.

>>> from tsumami.plugins.presets import read_presets
>>> presets = read_presets("/usr/share/amsynth/banks")
"""

from typing import TYPE_CHECKING

from tsumami.engine.lazy import lazy_exports

if TYPE_CHECKING:
    from tsumami.plugins.presets.convert import convert_presets
    from tsumami.plugins.presets.document import document_of
    from tsumami.plugins.presets.formats import preset_files, read_presets, write_preset
    from tsumami.plugins.presets.preset import Preset, check_synth
    from tsumami.plugins.presets.selection import read_preset, split_place
    from tsumami.plugins.presets.tags import paired_tags

_MODULES = {
    "convert": ("convert_presets",),
    "document": ("document_of",),
    "formats": ("preset_files", "read_presets", "write_preset"),
    "preset": ("Preset", "check_synth"),
    "selection": ("read_preset", "split_place"),
    "tags": ("paired_tags",),
}
__all__ = [
    "Preset",
    "check_synth",
    "convert_presets",
    "document_of",
    "paired_tags",
    "preset_files",
    "read_preset",
    "read_presets",
    "split_place",
    "write_preset",
]


__getattr__ = lazy_exports(__name__, _MODULES)
