"""Presets of synthesizers: one small module a format, all of one shape; no plugin is loaded to read them.

>>> from tsumami.plugins.presets import read_presets
>>> presets = read_presets("/usr/share/amsynth/banks")
"""

from typing import TYPE_CHECKING

from tsumami.engine.lazy import lazy_exports

if TYPE_CHECKING:
    from tsumami.plugins.presets.formats import preset_files, read_presets, write_preset
    from tsumami.plugins.presets.preset import Preset, check_synth

_MODULES = {
    "formats": ("preset_files", "read_presets", "write_preset"),
    "preset": ("Preset", "check_synth"),
}
__all__ = ["Preset", "check_synth", "preset_files", "read_presets", "write_preset"]


__getattr__ = lazy_exports(__name__, _MODULES)
