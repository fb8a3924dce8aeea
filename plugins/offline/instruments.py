"""Which library plays an instrument, and what is refused as one."""

import importlib.metadata
from dataclasses import replace
from pathlib import Path
from typing import Final

from tsumami.engine.errors import PluginError
from tsumami.plugins.offline.messages import Instrument, Ready
from tsumami.plugins.offline.pool import POOL
from tsumami.plugins.offline.settings import RenderSettings
from tsumami.plugins.scan import identify

BUILTIN: Final = "builtin"
_NAME: Final = "Tsumami"
_VST3: Final = ".vst3"
_IDENTIFY_SECONDS: Final = 60.0


def find_instrument(given: str | Path, settings: RenderSettings) -> tuple[Instrument, Ready]:
    """Load an instrument once in a render host: DawDreamer's, or pedalboard's for a VST3 that it refuses.

    ``given`` is a plugin's file or ``"builtin"``. Raises `PluginError` for what is no instrument of this
    system or does not survive being loaded.
    """
    if given == BUILTIN:
        version = importlib.metadata.version("tsumami")
        return _ready(Instrument(None, "builtin", _NAME, _NAME, version), settings)
    path = Path(given)
    found = identify(path, limit_seconds=_IDENTIFY_SECONDS)
    if found.kind != "instrument":
        raise PluginError(f"plugin must be an instrument, got the effect {found.name} ({path})")
    instrument = Instrument(path, "dawdreamer", found.name, found.vendor, found.version, found.plugin_id)
    try:
        return _ready(instrument, settings)
    except PluginError:
        if path.suffix.lower() != _VST3:
            raise
    return _ready(replace(instrument, backend="pedalboard"), settings)


def _ready(instrument: Instrument, settings: RenderSettings) -> tuple[Instrument, Ready]:
    with POOL.borrowed(instrument, settings) as worker:
        return instrument, worker.ready
