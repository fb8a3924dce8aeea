"""`PatchPlayer`: an instrument that plays patch after patch, kept loaded from one generation to the next."""

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.plugins.offline.batch import Batch, render_batch
from tsumami.plugins.offline.instruments import find_instrument
from tsumami.plugins.offline.messages import Rendered, Sound
from tsumami.plugins.offline.pool import POOL
from tsumami.plugins.offline.score import score_of
from tsumami.plugins.offline.settings import RenderSettings

Values = npt.NDArray[np.float32]


class PatchPlayer:
    """An instrument of which ``parameters`` are set, by name, and the others are as when loaded.

    It is played by ``workers`` processes, one a core by default, which are ended by `close`. Raises
    `PluginError` when the instrument cannot be loaded, `ParameterError` for a name that it has not once.
    """

    def __init__(
        self,
        instrument: str | Path,
        parameters: Sequence[str],
        settings: RenderSettings,
        workers: int | None = None,
    ) -> None:
        self._settings = settings
        self._instrument, ready = find_instrument(instrument, settings)
        self._defaults = ready.defaults
        for name in parameters:
            if ready.parameters.count(name) != 1:
                raise ParameterError(
                    f"parameters must each be one of {self._instrument.name}, "
                    f"got {name!r}, which it has {ready.parameters.count(name)} times"
                )
        self._rows = [ready.parameters.index(name) for name in parameters]
        self._workers = workers or os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="play")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def play(self, values: Values) -> npt.NDArray[np.float32]:
        """Sounds float32 ``[n, frames]``, or ``[n, 2, frames]`` of two channels, of ``[n, parameters]`` 0-1.

        What the instrument dies of, hangs on or refuses is silence.
        """
        whole = np.repeat(self._defaults[None], len(values), axis=0)
        whole[:, self._rows] = np.clip(values, 0.0, 1.0)
        share = max(math.ceil(len(whole) / self._workers), 1)
        batches = [
            Batch(self._instrument, self._settings, [Sound(row) for row in whole[first : first + share]])
            for first in range(0, len(whole), share)
        ]
        results = chain.from_iterable(self._threads.map(render_batch, batches))
        frames, channels = score_of(self._settings).frames, self._settings.channels
        shape = (frames,) if channels == 1 else (channels, frames)
        silence = np.zeros(shape, np.float32)
        sounds = [result.audio if isinstance(result, Rendered) else silence for result in results]
        return np.stack(sounds) if sounds else np.zeros((0, *shape), np.float32)

    def close(self) -> None:
        """End the processes."""
        self._threads.shutdown(cancel_futures=True)
        POOL.close()
