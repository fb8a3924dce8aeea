"""Sounds that are there already: the presets of a data set or of files, as places for a search to begin."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError, RenderError
from tsumami.plugins.match.mel import SAMPLE_RATE, mel_power
from tsumami.plugins.match.player import PatchPlayer, Values
from tsumami.plugins.offline.entries import entries_of
from tsumami.plugins.offline.flags import NO_SOUND, SILENT_PEAK, Flag
from tsumami.plugins.offline.messages import Rendered
from tsumami.plugins.presets import read_presets

Progress = Callable[[int, int], object]
"""Told how many sounds are heard, and of how many."""

_SUFFIX: Final = ".zarr"
_DECIDES: Final = ("note", "velocity", "hold_seconds")
_SILENCE: Final = 1e-30


@dataclass(frozen=True, slots=True)
class Near:
    """A preset that is near to a sound: its name, and positions 0-1 of all parameters, float32 ``[all]``."""

    name: str
    patch: Values


class Library:
    """Presets of one instrument with what is heard of each: ``mels`` ``[n, bands, frames]``, ``[n, all]``."""

    def __init__(self, names: list[str], patches: Values, mels: Values) -> None:
        self._names, self._patches, self._mels = names, patches, mels

    def __len__(self) -> int:
        return len(self._names)

    def nearest(self, target: npt.NDArray[Any]) -> list[Near]:
        """The nearest preset to a mel ``[bands, frames]`` as it is, and the nearest if its level were right.

        ``target`` may lack the highest bands. Distances are those of `tsumami.plugins.match.search`.
        """
        mels = self._mels[:, : len(target)].reshape(len(self), -1).astype(np.float64)
        wanted = target.ravel().astype(np.float64)
        products, powers = mels @ wanted, (mels**2).sum(axis=1)
        as_it_is = int((powers - 2.0 * products).argmin())
        levelled = int((products**2 / np.maximum(powers, _SILENCE)).argmax())
        return [Near(self._names[row], self._patches[row]) for row in dict.fromkeys((as_it_is, levelled))]


def open_library(place: Path, player: PatchPlayer, progress: Progress = lambda _done, _of: None) -> Library:
    """The presets of ``player``'s instrument at a place: a data set of `tsumami render`, a file or a folder.

    A data set must hold the note that the player plays; presets of files are played now. Raises `RenderError`
    or `ParameterError` for what is neither, and where no preset makes a sound.
    """
    heard = _of_data_set(place, player) if place.suffix == _SUFFIX else _of_files(place, player)
    names, patches, mels = [], [], []
    for done, (total, name, patch, audio) in enumerate(heard, 1):
        if np.abs(audio).max(initial=0.0) >= SILENT_PEAK:
            names.append(name)
            patches.append(patch)
            mels.append(mel_power(audio))
        progress(done, total)
    if not names:
        raise ParameterError(f"presets must hold one that sounds, got none in {place}")
    return Library(names, np.stack(patches), np.stack(mels))


_Heard = Iterator[tuple[int, str, Values, npt.NDArray[np.float32]]]
"""How many there are at most, and of each its name, positions and sound."""


def _of_files(place: Path, player: PatchPlayer) -> _Heard:
    presets = read_presets(place, lambda _broken: None)
    rows = entries_of(presets, player.instrument, player.ready).rows
    for row, result in zip(rows, player.render([row.sound for row in rows]), strict=True):
        if isinstance(result, Rendered):
            yield len(rows), row.preset.name, result.values, result.audio


def _of_data_set(place: Path, player: PatchPlayer) -> _Heard:
    group = _open(place)
    _check(dict(group.attrs["tsumami"]), place, player)
    names, patches, audio = group["name"][:], np.asarray(group["parameters"][:], np.float32), group["audio"]
    usable = (np.asarray(group["flags"][:]) & int(NO_SOUND | Flag.SILENT | Flag.PENDING)) == 0
    batch = int(audio.chunks[0])
    for first in range(0, len(names), batch):
        sounds = np.asarray(audio[first : first + batch], np.float32)
        for row, sound in enumerate(sounds if sounds.ndim == 2 else sounds.mean(axis=1), first):
            if usable[row]:
                yield int(usable.sum()), str(names[row]), patches[row], sound


def _open(place: Path) -> Any:
    import zarr

    try:
        group: Any = zarr.open_group(str(place), mode="r")
        group.attrs["tsumami"]
    except (FileNotFoundError, KeyError, ValueError, OSError):
        raise RenderError(
            f"presets must be a data set that tsumami render has written, got {place}; "
            "tsumami render --out NAME.zarr"
        ) from None
    return group


def _check(document: dict[str, Any], place: Path, player: PatchPlayer) -> None:
    instrument, settings = document["instrument"], document["settings"]
    if instrument["name"] != player.instrument.name:
        raise RenderError(f"presets must be of {player.instrument.name}, got {instrument['name']} in {place}")
    wanted = {**{name: getattr(player.settings, name) for name in _DECIDES}, "sample_rate": SAMPLE_RATE}
    for name, value in wanted.items():
        if settings.get(name) != value:
            raise RenderError(
                f"{name} of {place} must be {value:g} as it is played here, got {settings.get(name)}; "
                "give the files of the presets instead"
            )
