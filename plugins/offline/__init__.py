"""Renders by the thousand: presets of a plugin or of the built-in synthesizer as one data set.

>>> from tsumami.plugins.offline import render_presets
>>> report = render_presets("builtin", ["bank.toml"], "sounds.zarr", workers=2)

Every instrument is played by a process of its own (`tsumami.plugins.offline.host`), so that a plugin that
crashes costs one patch. The layout of a data set is described in ``docs/datasets.md``.
"""

from typing import TYPE_CHECKING

from tsumami.engine.lazy import lazy_exports

if TYPE_CHECKING:
    from tsumami.plugins.offline.flags import Flag
    from tsumami.plugins.offline.report import RenderReport
    from tsumami.plugins.offline.run import render_presets
    from tsumami.plugins.offline.settings import RenderSettings
    from tsumami.plugins.offline.single import render_preset

_MODULES = {
    "flags": ("Flag",),
    "report": ("RenderReport",),
    "run": ("render_presets",),
    "settings": ("RenderSettings",),
    "single": ("render_preset",),
}
__all__ = ["Flag", "RenderReport", "RenderSettings", "render_preset", "render_presets"]


__getattr__ = lazy_exports(__name__, _MODULES)
