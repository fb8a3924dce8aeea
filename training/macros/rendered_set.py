"""A finished data set of `tsumami render`, read; ``docs/datasets.md`` describes its arrays."""

import json
import shlex
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import zarr

from tsumami.engine.errors import RenderError
from tsumami.plugins.offline import Flag, RenderSettings
from tsumami.plugins.offline.zarr_layout import ATTRIBUTE
from tsumami.plugins.vst3.parameters import labels_of
from tsumami.training.macros.sounds import Values, hear

BUILTIN: Final = "builtin"

_HEARD = ".heard.npz"


class RenderedSet:
    """The rows of a Zarr group. Raises `RenderError` for what is no such data set."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._group = zarr.open_group(str(path), mode="r")
            document: Any = self._group.attrs[ATTRIBUTE]
        except (FileNotFoundError, KeyError, ValueError, OSError):
            raise RenderError(
                f"data set must be one that tsumami render has written, got {path}; "
                "tsumami render --out NAME.zarr"
            ) from None
        self.document: dict[str, Any] = dict(document)

    @property
    def name(self) -> str:
        """The instrument's name."""
        return str(self.document["instrument"]["name"])

    @property
    def instrument(self) -> str:
        """The plugin's file as it was given to the render, or ``"builtin"``."""
        words = shlex.split(self.document["command"])
        return words[words.index("--plugin") + 1] if "--plugin" in words else BUILTIN

    @cached_property
    def settings(self) -> RenderSettings:
        """How it was rendered. Raises `RenderError` when a performance was played instead of a note."""
        facts = dict(self.document["settings"])
        if facts.pop("midi", None):
            raise RenderError(f"data set must hold one note each, got a performance in {self.path}")
        return RenderSettings(**facts)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The instrument's parameters in its order: their names, with a number where a name repeats."""
        return labels_of(self._column("parameter_name"))

    @cached_property
    def flags(self) -> npt.NDArray[np.uint16]:
        """What there is to say against each row, ``[n]``."""
        return np.asarray(self._array("flags")[:], np.uint16)

    @property
    def pending(self) -> int:
        """How many rows are not rendered yet."""
        return int(np.count_nonzero(self.flags & np.uint16(Flag.PENDING)))

    @cached_property
    def audio_hashes(self) -> npt.NDArray[np.uint64]:
        """Of each row, ``[n]``."""
        return np.asarray(self._array("audio_hash")[:], np.uint64)

    @cached_property
    def names(self) -> list[str]:
        """Of the presets."""
        return self._column("name")

    @cached_property
    def sources(self) -> list[str]:
        """Of the presets."""
        return self._column("source")

    @cached_property
    def tags(self) -> list[tuple[str, ...]]:
        """Of the presets."""
        return [tuple(json.loads(text)) for text in self._column("tags")]

    def values(self, columns: Sequence[int]) -> Values:
        """Positions 0-1 of some parameters, float32 ``[n, columns]``; NaN in rows without a sound."""
        return np.asarray(self._array("parameters")[:], np.float32)[:, list(columns)]

    def heard(self) -> tuple[Values, Values]:
        """Mel power ``[n, 64, 80]`` and descriptors ``[n, 9]`` of all rows; kept beside the arrays."""
        path = self.path.with_suffix(_HEARD)
        hashes = self.audio_hashes
        if path.exists():
            with np.load(path) as stored:
                if np.array_equal(stored["hashes"], hashes):
                    return stored["mel"], stored["descriptors"]
        audio = self._array("audio")
        batch = int(audio.chunks[0])
        parts = [hear(_mono(audio[first : first + batch])) for first in range(0, audio.shape[0], batch)]
        mel, descriptors = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            np.savez(file, hashes=hashes, mel=mel, descriptors=descriptors)
        unfinished.replace(path)
        return mel, descriptors

    def _array(self, name: str) -> Any:
        return self._group[name]

    def _column(self, name: str) -> list[str]:
        return [str(value) for value in self._array(name)[:]]


def _mono(audio: Any) -> npt.NDArray[np.float32]:
    """``[n, frames]`` of either layout."""
    sounds = np.asarray(audio, np.float32)
    return sounds if sounds.ndim == 2 else np.asarray(sounds.mean(axis=1), np.float32)
