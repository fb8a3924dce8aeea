"""Positions of some parameters to sounds, through the real instrument: what judges every prediction."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.plugins.offline import RenderSettings
from tsumami.plugins.offline.batch import Batch, render_batch
from tsumami.plugins.offline.instruments import find_instrument
from tsumami.plugins.offline.messages import Instrument, Ready, Rendered, Sound
from tsumami.plugins.offline.score import score_of

Values = npt.NDArray[np.float32]
Audio = npt.NDArray[np.float32]

_BATCH: Final = 16


class Renderer:
    """An instrument of which some parameters are set, by their rows, and the others are as when loaded.

    It is loaded when it is first needed, and kept for a minute after. Raises `PluginError` when it cannot be.
    """

    def __init__(self, instrument: str | Path, settings: RenderSettings, rows: Sequence[int]) -> None:
        self._given, self._settings, self._rows = instrument, settings, list(rows)

    def render(self, values: Values, workers: int | None = None) -> Audio:
        """Sounds float32 ``[n, frames]`` of positions ``[n, parameters]`` 0-1, in ``workers`` processes.

        What the instrument dies of, hangs on or refuses is silence.
        """
        sounds = np.zeros((len(values), score_of(self._settings).frames), np.float32)
        with ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="render") as executor:
            results = chain.from_iterable(executor.map(render_batch, self._batches(values)))
            for sound, result in zip(sounds, results, strict=True):
                if isinstance(result, Rendered):
                    sound[:] = result.audio
        return sounds

    @cached_property
    def _loaded(self) -> tuple[Instrument, Ready]:
        return find_instrument(self._given, self._settings)

    def _batches(self, values: Values) -> list[Batch]:
        instrument, ready = self._loaded
        whole = np.repeat(ready.defaults[None], len(values), axis=0)
        whole[:, self._rows] = np.clip(values, 0.0, 1.0)
        sounds = [Sound(row) for row in whole]
        return [
            Batch(instrument, self._settings, sounds[first : first + _BATCH])
            for first in range(0, len(sounds), _BATCH)
        ]
