"""`PatchPlayer`: positions of some parameters to sounds, by the real instrument, one batch after another."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.plugins.offline.batch import Batch, Result, render_batch
from tsumami.plugins.offline.instruments import find_instrument
from tsumami.plugins.offline.messages import Instrument, Ready, Rendered, Sound
from tsumami.plugins.offline.pool import POOL
from tsumami.plugins.offline.score import score_of
from tsumami.plugins.offline.settings import RenderSettings
from tsumami.plugins.vst3.parameters import labels_of

Values = npt.NDArray[np.float32]
Audio = npt.NDArray[np.float32]

_LARGEST_BATCH: Final = 16


class PatchPlayer:
    """An instrument of which ``parameters`` are set, by name or by row, and the others are left.

    It is loaded when it is first needed, by up to ``workers`` processes, one a core by default. They are kept
    from call to call, until `close` or a minute without one. Raises `PluginError` when it cannot be loaded,
    `ParameterError` for a name that it has not once.
    """

    def __init__(
        self,
        instrument: str | Path,
        parameters: Sequence[str] | Sequence[int],
        settings: RenderSettings,
        workers: int | None = None,
    ) -> None:
        self._given, self._parameters = instrument, parameters
        self.settings = settings
        self._workers = workers or os.cpu_count() or 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def instrument(self) -> Instrument:
        """What is played."""
        return self._loaded[0]

    @property
    def ready(self) -> Ready:
        """Its parameters, and where they are when it is loaded."""
        return self._loaded[1]

    @cached_property
    def rows(self) -> list[int]:
        """Rows of the parameters that are set, in the instrument's own table."""
        return [row if isinstance(row, int) else self.row_of(row) for row in self._parameters]

    def row_of(self, name: str) -> int:
        """Row of a parameter by its label, which is its name where that is not repeated; `ParameterError`."""
        labels = labels_of(self.ready.parameters)
        if name not in labels:
            raise ParameterError(
                f"parameters must each be one of {self.instrument.name}, "
                f"got {name!r}, which it has {self.ready.parameters.count(name)} times"
            )
        return labels.index(name)

    def whole(self, values: Values, base: Values | None = None) -> Values:
        """Whole patches ``[n, all]`` of positions 0-1 ``[n, parameters]``.

        The other parameters are where ``base`` ``[all]`` has them, or as when the instrument is loaded.
        """
        patches = np.repeat((self.ready.defaults if base is None else base)[None], len(values), axis=0)
        patches[:, self.rows] = np.clip(values, 0.0, 1.0)
        return patches

    def play(self, values: Values, base: Values | None = None, *, workers: int | None = None) -> Audio:
        """Sounds float32 ``[n, frames]``, or ``[n, 2, frames]`` of two channels; see `whole`.

        What the instrument dies of, hangs on or refuses is silence.
        """
        frames, channels = score_of(self.settings).frames, self.settings.channels
        shape = (frames,) if channels == 1 else (channels, frames)
        sounds = np.zeros((len(values), *shape), np.float32)
        results = self.render([Sound(patch) for patch in self.whole(values, base)], workers=workers)
        for sound, result in zip(sounds, results, strict=True):
            if isinstance(result, Rendered):
                sound[:] = result.audio
        return sounds

    def render(self, sounds: Sequence[Sound], *, workers: int | None = None) -> Iterator[Result]:
        """What becomes of each of ``sounds``, in their order, as it comes."""
        count = workers or self._workers
        size = min(max(-(-len(sounds) // count), 1), _LARGEST_BATCH)
        batches = [
            Batch(self.instrument, self.settings, sounds[first : first + size])
            for first in range(0, len(sounds), size)
        ]
        with ThreadPoolExecutor(count, thread_name_prefix="play") as threads:
            yield from chain.from_iterable(threads.map(render_batch, batches))

    def close(self) -> None:
        """End the processes."""
        POOL.close()

    @cached_property
    def _loaded(self) -> tuple[Instrument, Ready]:
        return find_instrument(self._given, self.settings)
