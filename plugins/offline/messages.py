"""What a render host and the process that drives it say to each other, pickled over the host's pipes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from tsumami.plugins.offline.settings import RenderSettings

Backend = Literal["builtin", "dawdreamer", "pedalboard"]
Method = Literal["reuse", "fork", "reload", "new"]
"""How an instrument is made fresh: not at all, a fork of the process, a second loading, or at no cost."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is to be played: the built-in synthesizer when ``path`` is None, else a plugin's file.

    ``plugin_id`` is four characters of a VST2 plugin, 32 hex digits of a VST3; the texts may be empty.
    """

    path: Path | None
    backend: Backend
    name: str = ""
    vendor: str = ""
    version: str = ""
    plugin_id: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """The first message to a host: load this and get ready."""

    instrument: Instrument
    settings: RenderSettings
    method: Method | None = None
    """How to be fresh; the host chooses when it is None."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The host's answer: parameter names in the plugin's order, their defaults, and how it stays fresh."""

    parameters: tuple[str, ...]
    defaults: npt.NDArray[np.float32]
    latency_samples: int
    method: Method


@dataclass(frozen=True, slots=True)
class Sound:
    """A preset as the plugin takes it.

    ``state``, a file whose name ends with ``state_format``, is loaded first; then the positions 0-1 in
    ``values`` [parameters] are set, except where they are NaN.
    """

    values: npt.NDArray[np.float32]
    state: bytes | None = None
    state_format: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One render: ``audio`` float32 ``[channels, frames]``, or ``[frames]`` of one channel.

    ``peak`` is the highest sample of any of the plugin's channels, NaN when one was not finite; then the
    audio is silence. ``values`` float32 ``[parameters]`` are the positions as the plugin had them.
    """

    audio: npt.NDArray[np.float32]
    peak: float
    digest: int
    values: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Failed:
    """No sound: why is ``crashed``, ``hung`` or ``refused`` (the plugin would not take it)."""

    why: Literal["crashed", "hung", "refused"]
    detail: str = ""
