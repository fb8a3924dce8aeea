"""Which library plays a plugin file, and what a file that is none looks like."""

from pathlib import Path

from tsumami.engine.errors import PluginError
from tsumami.plugins.offline.messages import Instrument, Ready
from tsumami.plugins.offline.pool import POOL
from tsumami.plugins.offline.settings import RenderSettings

BUILTIN = "builtin"


def find_instrument(given: str | Path, settings: RenderSettings) -> tuple[Instrument, Ready]:
    """Load an instrument once in a render host: DawDreamer's, or pedalboard's for a VST3 that it refuses.

    ``given`` is a plugin's file or ``builtin``. Raises `PluginError`.
    """
    if given == BUILTIN:
        return _ready(Instrument(None, "builtin"), settings)
    path = Path(given)
    if not path.exists():
        raise PluginError(f"plugin must be a file that is there, got {path}")
    try:
        return _ready(Instrument(path, "dawdreamer"), settings)
    except PluginError:
        if path.suffix.lower() != ".vst3":
            raise
    return _ready(Instrument(path, "pedalboard"), settings)


def _ready(instrument: Instrument, settings: RenderSettings) -> tuple[Instrument, Ready]:
    with POOL.borrowed(instrument, settings) as worker:
        return instrument, worker.ready
