"""What is known of a plugin file after it was looked at."""

from typing import Literal

import msgspec

Format = Literal["VST3", "VST2"]
Kind = Literal["instrument", "effect"]


class ParameterReport(msgspec.Struct, frozen=True):
    """One parameter: ``default`` is a position 0-1, ``text`` what the plugin shows for it.

    ``unique_id`` is VST3's ParamID, None where it could not be read or the format has none. ``is_ambiguous``
    says that the name alone does not find this parameter.
    """

    index: int
    unique_id: int | None
    name: str
    default: float
    text: str
    unit: str
    choices: tuple[str, ...]
    is_ambiguous: bool


class PluginReport(msgspec.Struct, frozen=True):
    """A plugin of a file; or why the file could not be used: ``failure`` is a phrase, and the rest is empty.

    ``plugin_id`` is what presets know the plugin by: four characters in VST2, the class id in 32 hex digits
    in VST3. ``latency_samples`` is what the plugin reports before it is played. ``parameter_count`` is of
    those for people; a list of plugins leaves ``parameters`` out. ``notes`` are what fell short.
    """

    path: str
    format: Format
    name: str = ""
    vendor: str = ""
    version: str = ""
    plugin_id: str = ""
    kind: Kind | None = None
    latency_samples: int = 0
    parameter_count: int = 0
    parameters: tuple[ParameterReport, ...] = ()
    notes: tuple[str, ...] = ()
    failure: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether the plugin loaded."""
        return not self.failure

    def without_parameters(self) -> "PluginReport":
        """The same for a list."""
        return msgspec.structs.replace(self, parameters=())


def mark_ambiguous(parameters: list[ParameterReport]) -> tuple[ParameterReport, ...]:
    """The same, with every row marked whose name stands for several."""
    names = [row.name for row in parameters]
    return tuple(
        msgspec.structs.replace(row, is_ambiguous=not row.name or names.count(row.name) > 1)
        for row in parameters
    )
