"""VST3 plugins: pedalboard's view of one, and the unique ids that its module tells.

Runs the plugin's code, so only in a process that may die.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from tsumami.engine.errors import PluginError
from tsumami.plugins.scan.report import ParameterReport, PluginReport, mark_ambiguous


def vst3_reports(path: Path, name: str | None, *, with_ids: bool) -> Iterator[tuple[int, PluginReport]]:
    """What pedalboard says of each plugin in a module, numbered, or of the one called ``name``.

    ``with_ids`` looks up the unique ids of the parameters too: a second report of the same number, if the
    plugin survives that.
    """
    for number, each in enumerate(_names(path, name)):
        report = _as_loaded(path, each)
        yield number, report
        if with_ids:
            yield number, _with_ids(path, each, report)


def _names(path: Path, name: str | None) -> list[str]:
    from pedalboard import VST3Plugin

    try:
        names = [str(each) for each in VST3Plugin.get_plugin_names_for_file(str(path))]
    except (ImportError, ValueError, RuntimeError) as error:
        raise PluginError("is not a VST3 plugin that loads") from error
    if not names:
        raise PluginError("holds no plugin")
    if name is not None and name not in names:
        raise PluginError(f"holds {', '.join(names)}, not {name}")
    return names if name is None else [name]


def _as_loaded(path: Path, name: str) -> PluginReport:
    from tsumami.plugins.vst3.plugin import Plugin

    plugin = Plugin(path, name)
    rows = [
        ParameterReport(
            parameter.index,
            parameter.unique_id,
            parameter.name,
            parameter.default,
            plugin.text(row).strip(),
            parameter.unit,
            parameter.choices,
            is_ambiguous=False,
        )
        for row, parameter in enumerate(plugin.parameters.rows)
    ]
    return PluginReport(
        str(path),
        "VST3",
        plugin.name,
        plugin.vendor,
        plugin.version,
        "instrument" if plugin.is_instrument else "effect",
        plugin.latency_samples,
        len(rows),
        mark_ambiguous(rows),
    )


def _with_ids(path: Path, name: str, report: PluginReport) -> PluginReport:
    from tsumami.plugins.vst3.module import Vst3Module

    try:
        listed = Vst3Module(path).parameters(name)
    except PluginError as error:
        return msgspec.structs.replace(report, notes=(f"no unique ids: {error}",))
    # The order is a host's habit, so it is believed only where every name agrees.
    names = {place: parameter.title.strip() for place, parameter in enumerate(listed)}
    if any(names.get(row.index) != row.name for row in report.parameters):
        return msgspec.structs.replace(report, notes=("no unique ids: the module's order is another",))
    rows = tuple(
        msgspec.structs.replace(row, unique_id=listed[row.index].unique_id) for row in report.parameters
    )
    return msgspec.structs.replace(report, parameters=rows)
