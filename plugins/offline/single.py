"""`render_preset`: one preset, or an instrument as it is when loaded, to samples."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError, PluginError
from tsumami.plugins.offline.entries import entries_of
from tsumami.plugins.offline.instruments import find_instrument
from tsumami.plugins.offline.messages import Failed, Sound
from tsumami.plugins.offline.pool import POOL
from tsumami.plugins.offline.settings import RenderSettings
from tsumami.plugins.presets import read_presets


def render_preset(
    instrument: str | Path, preset: str | Path | None = None, *, settings: RenderSettings | None = None
) -> npt.NDArray[np.float32]:
    """Render one preset file, float32 ``[frames]`` or, of two channels, ``[2, frames]``.

    ``instrument`` is a plugin's file or ``"builtin"``; without a preset it sounds as it does when loaded.
    Raises a `TsumamiError` for what cannot be used and `PluginError` when the plugin crashes or hangs.
    """
    settings = settings or RenderSettings()
    found, ready = find_instrument(instrument, settings)
    sound = Sound(ready.defaults)
    if preset is not None:
        presets = read_presets(preset)
        if len(presets) != 1:
            raise ParameterError(f"preset must be a file of one, got {preset} with {len(presets)}")
        sound = entries_of(presets, found, ready).rows[0].sound
    with POOL.borrowed(found, settings) as worker:
        (result,) = worker.render([sound])
    if isinstance(result, Failed):
        raise PluginError(f"{found.name} must render the preset, got {result.why} {result.detail}".strip())
    return result.audio
