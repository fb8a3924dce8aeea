"""`Corpus`: what a model of synth control learns from and is judged by, made of a data set of renders.

The paper (section 4.1) leaves all but 16 or 32 parameters at the instrument's defaults, so that what is heard
is made by what is predicted. The presets are reduced in that way and rendered again, each with a fresh
instrument, into a data set beside the given one, which a later call finds.

A sound belongs to a split by the hash of its own parameters: neither the order of the presets nor which
others there are can move it, and two presets that are the same cannot be on both sides. Sounds that are
silent, failed, or the same as another are left out.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError, RenderError
from tsumami.plugins.match.mel import SAMPLE_RATE
from tsumami.plugins.match.player import Audio, PatchPlayer
from tsumami.plugins.offline import Flag, RenderSettings, render_presets
from tsumami.plugins.offline.flags import NO_SOUND
from tsumami.plugins.presets import Preset
from tsumami.plugins.presets.check import STEPS
from tsumami.plugins.presets.parameter_lists import ALL, parameter_list
from tsumami.training.macros.rendered_set import RenderedSet
from tsumami.training.macros.sounds import Sounds, Values

Keys = npt.NDArray[np.uint64]
Progress = Callable[[int, int], object]

_TRAIN, _VALID = 0.8, 0.9
_LEAST_SOUNDS = 10


@dataclass(frozen=True, slots=True)
class Corpus:
    """The splits, and the instrument that renders what is predicted from them.

    ``instrument`` is a plugin's file or ``"builtin"``; ``hash`` tells corpora apart that differ in a sound,
    a parameter or the instrument.
    """

    instrument: str
    name: str
    settings: RenderSettings
    parameters: tuple[str, ...]
    hash: str
    train: Sounds
    valid: Sounds
    test: Sounds
    player: PatchPlayer
    folder: Path
    """Where what is made from it may be kept."""

    def render(self, values: Values, workers: int | None = None) -> Audio:
        """Sounds float32 ``[n, frames]`` of positions 0-1 ``[n, parameters]``, others at their defaults."""
        return self.player.play(values, workers=workers)


def open_corpus(
    data: str | Path,
    parameters: str = ALL,
    *,
    workers: int | None = None,
    progress: Progress = lambda _done, _of: None,
) -> Corpus:
    """The corpus of a finished data set of `tsumami render` and a list of parameters, rendered if need be.

    ``parameters`` is ``16``, ``32`` or ``all``; ``progress`` is told how many sounds are rendered, and of
    how many. Raises `RenderError` for a data set that cannot be used, `ParameterError` for a list that does
    not fit it, `PluginError` when the instrument is not where it was.
    """
    source = RenderedSet(Path(data))
    _check(source)
    names = parameter_list(source.name, parameters, source.parameters)
    rows = list(range(len(names))) if parameters == ALL else [source.parameters.index(n) for n in names]
    reduced = source if parameters == ALL else _reduce(source, rows, parameters, workers, progress)
    sounds, keys = _listen(reduced, rows)
    settings = replace(source.settings, fresh="patch", channels=1)
    return Corpus(
        source.instrument,
        source.name,
        settings,
        names,
        _hash(reduced, names, sounds),
        *_split(sounds, keys),
        PatchPlayer(source.instrument, rows, settings),
        reduced.path.parent,
    )


def keys_of(values: Values) -> Keys:
    """A hash of each row of ``values``, uint64 ``[n]``; its share of 2**64 decides the row's split."""
    steps = np.rint(values * STEPS).astype("<i2")
    digests = [hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in steps]
    return np.array([int.from_bytes(digest, "big") for digest in digests], np.uint64)


def splits_of(keys: Keys) -> npt.NDArray[np.int8]:
    """0 (training, four fifths), 1 (validation) or 2 (test, a tenth each) by key, int8 ``[n]``."""
    share = keys.astype(np.float64) / 2.0**64
    return ((share >= _TRAIN).astype(np.int8) + (share >= _VALID)).astype(np.int8)


def first_of_each(*columns: Sequence[Any] | npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Rows that equal no earlier row that counts, column after column; what equals one counts no more."""
    fresh = np.ones(len(columns[0]), bool)
    for column in columns:
        seen: set[Any] = set()
        for row, value in enumerate(column):
            fresh[row] &= value not in seen
            if fresh[row]:
                seen.add(value)
    return np.flatnonzero(fresh)


def _check(source: RenderedSet) -> None:
    if source.pending:
        raise RenderError(
            f"data set must be finished, got {source.path} with {source.pending} patches not rendered yet; "
            "give its `tsumami render` command again"
        )
    if source.settings.sample_rate != SAMPLE_RATE:
        raise RenderError(
            f"data set must be rendered at {SAMPLE_RATE} Hz, got {source.settings.sample_rate}; "
            f"tsumami render --rate {SAMPLE_RATE}"
        )


def _reduce(
    source: RenderedSet, columns: list[int], choice: str, workers: int | None, progress: Progress
) -> RenderedSet:
    """The presets with all but some parameters at their defaults, rendered in the order of their keys."""
    names = [source.parameters[column] for column in columns]
    values = source.values(columns)
    usable = np.flatnonzero((source.flags & np.uint16(NO_SOUND)) == 0)
    usable = usable[np.argsort(keys_of(values[usable]), kind="stable")]
    usable = usable[first_of_each(keys_of(values[usable]))]
    presets = [
        Preset(
            source.names[row],
            "positions",
            "",
            source.sources[row],
            tags=source.tags[row],
            positions=dict(zip(names, map(float, values[row]), strict=True)),
        )
        for row in usable.tolist()
    ]
    settings = replace(source.settings, fresh="patch", channels=1)
    facts = [source.document["instrument"], settings.document(), names, keys_of(values[usable]).tolist()]
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:8]
    path = source.path.with_name(f"{source.path.stem}.{choice}-{digest}.zarr")
    if not _is_finished(path):
        render_presets(
            source.instrument, presets, path, settings=settings, workers=workers, progress=progress
        )
    return RenderedSet(path)


def _is_finished(path: Path) -> bool:
    return path.exists() and RenderedSet(path).pending == 0


def _listen(reduced: RenderedSet, columns: list[int]) -> tuple[Sounds, Keys]:
    """All sounds that are worth something, each once, in the order of their keys."""
    values = reduced.values(columns)
    heard = np.flatnonzero((reduced.flags & np.uint16(NO_SOUND | Flag.SILENT)) == 0)
    keys = keys_of(values[heard])
    order = np.argsort(keys, kind="stable")
    order = order[first_of_each(keys[order], reduced.audio_hashes[heard[order]])]
    heard, keys = heard[order], keys[order]
    if len(heard) < _LEAST_SOUNDS:
        raise RenderError(
            f"data set must have at least {_LEAST_SOUNDS} different sounds, "
            f"got {len(heard)} in {reduced.path}"
        )
    mels, descriptors = reduced.heard()
    return Sounds(
        mels[heard],
        values[heard],
        descriptors[heard],
        tuple(reduced.names[row] for row in heard.tolist()),
        tuple(reduced.tags[row] for row in heard.tolist()),
    ), keys


def _split(sounds: Sounds, keys: Keys) -> tuple[Sounds, Sounds, Sounds]:
    split = splits_of(keys)
    parts = [sounds.rows(np.flatnonzero(split == number)) for number in range(3)]
    if not all(map(len, parts)):
        raise ParameterError(
            f"presets must be enough for three splits, got {len(sounds)} different sounds; render more"
        )
    return parts[0], parts[1], parts[2]


def _hash(reduced: RenderedSet, names: tuple[str, ...], sounds: Sounds) -> str:
    digest = hashlib.sha256(json.dumps([reduced.document["instrument"]["sha256"], names]).encode())
    digest.update(sounds.values.tobytes())
    digest.update(sounds.mel.tobytes())
    return digest.hexdigest()[:16]
