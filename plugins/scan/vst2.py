"""VST2 plugins: what a module says of itself, and DawDreamer's view of it.

Runs the plugin's code, so only in a process that may die, and one that never loads numba, which cannot live
with DawDreamer.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tsumami.engine.errors import PluginError
from tsumami.plugins.scan.binary import vst2_file
from tsumami.plugins.scan.report import ParameterReport, PluginReport, mark_ambiguous
from tsumami.plugins.scan.vst2_module import read_vst2

_SAMPLE_RATE = 48_000
_BLOCK_SIZE = 512
_MOST_CHOICES = 64


def vst2_identity(path: Path) -> PluginReport:
    """Who the plugin is."""
    module = read_vst2(vst2_file(path) or path)
    return PluginReport(
        str(path),
        "VST2",
        name=module.name or path.stem,
        vendor=module.vendor,
        version=module.version,
        plugin_id=module.plugin_id,
        kind="instrument" if module.is_instrument else "effect",
    )


def vst2_reports(path: Path) -> Iterator[tuple[int, PluginReport]]:
    """What DawDreamer says of a plugin; then the same with who it is, if it survives being asked twice.

    Both are number 0: a VST2 file holds one plugin.
    """
    report = _as_loaded(path)
    yield 0, report
    with contextlib.suppress(PluginError):
        yield 0, _merged(vst2_identity(path), report)


def _merged(identity: PluginReport, report: PluginReport) -> PluginReport:
    return msgspec.structs.replace(
        identity,
        latency_samples=report.latency_samples,
        parameter_count=report.parameter_count,
        parameters=report.parameters,
    )


def _as_loaded(path: Path) -> PluginReport:
    from dawdreamer import RenderEngine  # pyright: ignore[reportAttributeAccessIssue]

    engine: Any = RenderEngine(_SAMPLE_RATE, _BLOCK_SIZE)
    try:
        plugin = engine.make_plugin_processor("plugin", str(path))
    except RuntimeError as error:
        raise PluginError("is not a VST2 plugin that loads") from error
    rows = plugin.get_parameters_description()
    # Nothing has moved a parameter yet: it stands at its default, which the description does not know.
    parameters = mark_ambiguous([_parameter(row, plugin.get_parameter(row["index"])) for row in rows])
    return PluginReport(
        str(path),
        "VST2",
        name=path.stem,
        kind="effect" if plugin.get_num_input_channels() else "instrument",
        latency_samples=int(plugin.get_latency_samples()),
        parameter_count=len(parameters),
        parameters=parameters,
    )


def _parameter(row: dict[str, Any], default: float) -> ParameterReport:
    choices = tuple(row["valueStrings"]) if row["isDiscrete"] else ()
    return ParameterReport(
        index=int(row["index"]),
        unique_id=None,
        name=str(row["name"]).strip(),
        default=float(default),
        text=str(row["currentValText"]).strip(),
        unit=str(row["label"]).strip(),
        choices=choices if len(choices) <= _MOST_CHOICES else (),
        is_ambiguous=False,
    )
