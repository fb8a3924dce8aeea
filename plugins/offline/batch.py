"""The unit of work: a batch of presets, rendered by a warm host of whichever process it is sent to."""

from collections.abc import Sequence
from dataclasses import dataclass

from tsumami.plugins.offline.floor import Floor, floor_of
from tsumami.plugins.offline.messages import Failed, Instrument, Rendered, Sound
from tsumami.plugins.offline.pool import POOL
from tsumami.plugins.offline.settings import RenderSettings

Result = Rendered | Failed


@dataclass(frozen=True, slots=True)
class Batch:
    """Sounds to render in their order, all with one instrument and the same settings."""

    instrument: Instrument
    settings: RenderSettings
    sounds: Sequence[Sound]


def render_batch(batch: Batch) -> list[Result]:
    """Render a batch; a sound that fails costs itself alone. Runs anywhere: in a thread, on a cluster.

    Raises `PluginError` when the instrument cannot be loaded there.
    """
    with POOL.borrowed(batch.instrument, batch.settings) as worker:
        return worker.render(batch.sounds)


def render_floor(batch: Batch) -> Floor:
    """Render a batch twice, the second time in the opposite order, and compare."""
    there = render_batch(batch)
    back = render_batch(Batch(batch.instrument, batch.settings, batch.sounds[::-1]))[::-1]
    pairs = [
        (first.audio, second.audio)
        for first, second in zip(there, back, strict=True)
        if isinstance(first, Rendered) and isinstance(second, Rendered)
    ]
    return floor_of(pairs, batch.settings.sample_rate)
