"""Which parameters of an instrument are discrete, and what their choices are called."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tsumami.engine.errors import PluginError
from tsumami.plugins import PARAMETERS
from tsumami.plugins.presets.parameter_lists import choice_table
from tsumami.plugins.scan import probe
from tsumami.plugins.vst3.parameters import labels_of
from tsumami.training.macros.rendered_set import BUILTIN

Choices = tuple[str, ...]
"""Names of a parameter's choices in the order of their positions; none of a continuous one."""


def choices_of(instrument: str, name: str, parameters: Sequence[str]) -> tuple[Choices, ...]:
    """The choices of each of ``parameters`` of an instrument, `BUILTIN` or a plugin's file, called ``name``.

    Parameters go by their labels, which tell repeated names apart. A VST3 plugin is asked itself; what a VST2
    plugin cannot tell stands in ``parameter_lists.toml``. Raises `PluginError` when the plugin that is to be
    asked cannot be loaded.
    """
    told = _told(instrument, name)
    return tuple(told.get(parameter, ()) for parameter in parameters)


def _told(instrument: str, name: str) -> Mapping[str, Choices]:
    if instrument == BUILTIN:
        return {row.name: row.choices for row in PARAMETERS}
    if Path(instrument).suffix != ".vst3":
        return choice_table(name)
    report = probe(Path(instrument))[0]
    if report.failure:
        raise PluginError(f"plugin must be one that works here, got {instrument}, which {report.failure}")
    labels = labels_of([row.name for row in report.parameters])
    return {label: row.choices for label, row in zip(labels, report.parameters, strict=True)}
