"""The arrays of a data set in a Zarr group; ``docs/datasets.md`` describes them for those who read them."""

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import zarr

from tsumami.plugins.offline.entries import Entry
from tsumami.plugins.offline.flags import Flag

ATTRIBUTE: Final = "tsumami"
"""Attribute of the group that holds the data set's document; written last, so its absence shows a stub."""

_RENDERED: Final = ("audio", "parameters", "peak", "audio_hash", "flags", "same_as")
_KNOWN: Final = ("note", "velocity", "name", "category", "tags", "source", "format", "raw", "parameter_name")
NAMES: Final = frozenset((*_RENDERED, *_KNOWN))
"""All arrays of the group."""


def create_arrays(
    group: zarr.Group,
    document: dict[str, Any],
    entries: Sequence[Entry],
    parameters: Sequence[str],
    frames: int,
) -> None:
    """Make every array of an empty group, fill those that are known before rendering, sign the group."""
    settings = document["settings"]
    patches, batch, channels = len(entries), document["batch"], settings["channels"]
    shape = (frames,) if channels == 1 else (channels, frames)
    axes = ("frame",) if channels == 1 else ("channel", "frame")

    def by_batch(name: str, dtype: Any, fill: Any, shape: tuple[int, ...] = (), *axes: str) -> None:
        group.create_array(
            name,
            shape=(patches, *shape),
            chunks=(batch, *shape),
            dtype=dtype,
            fill_value=fill,
            compressors=None,  # audio would shrink by a third, at a tenth of the time of a render
            dimension_names=("patch", *axes),
        )

    by_batch("audio", np.float32, 0.0, shape, *axes)
    by_batch("parameters", np.float32, np.nan, (len(parameters),), "parameter")
    by_batch("peak", np.float32, np.nan)
    by_batch("audio_hash", np.uint64, 0)
    by_batch("flags", np.uint16, int(Flag.PENDING))
    _column(group, "same_as", np.full(patches, -1, np.int32))
    if "note" in settings:
        _column(group, "note", np.full(patches, settings["note"], np.uint8))
        _column(group, "velocity", np.full(patches, settings["velocity"], np.uint8))
    presets = [entry.preset for entry in entries]
    _column(group, "name", [preset.name for preset in presets])
    _column(group, "category", [preset.category for preset in presets])
    _column(group, "tags", [json.dumps(preset.tags, ensure_ascii=False) for preset in presets])
    _column(group, "source", [preset.source for preset in presets])
    _column(group, "format", [preset.format for preset in presets])
    _column(group, "raw", [entry.raw for entry in entries])
    _column(group, "parameter_name", list(parameters), axis="parameter")
    group.attrs[ATTRIBUTE] = document


def _column(group: zarr.Group, name: str, values: Any, axis: str = "patch") -> None:
    """One value a row, all in one chunk."""
    is_text = isinstance(values, list)
    column = np.array(values, dtype=object) if is_text else values
    array = group.create_array(
        name,
        shape=column.shape,
        chunks=(max(len(column), 1),),
        dtype=str if is_text else column.dtype,
        dimension_names=(axis,),
    )
    array[:] = column
