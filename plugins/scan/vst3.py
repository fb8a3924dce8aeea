"""VST3 plugins: what a module says of itself, and pedalboard's view of it.

Runs the plugin's code, so only in a process that may die.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from tsumami.engine.errors import PluginError
from tsumami.plugins.scan.report import ParameterReport, PluginReport, mark_ambiguous
from tsumami.plugins.vst3.module import ModuleClass, ModuleParameter, Vst3Module

_NOT_LOADED = "is not a VST3 plugin that loads"


def vst3_identity(path: Path, name: str | None) -> PluginReport:
    """Who the plugin is: the one called ``name``, or the first of the module."""
    plugin = _class(_module(path), name)
    return PluginReport(
        str(path),
        "VST3",
        name=plugin.name,
        vendor=plugin.vendor,
        version=plugin.version,
        plugin_id=plugin.class_id.hex().upper(),
        kind="instrument" if "Instrument" in plugin.sub_categories.split("|") else "effect",
    )


def vst3_reports(path: Path, name: str | None) -> Iterator[tuple[int, PluginReport]]:
    """What pedalboard says of each plugin in a module, numbered, or of the one called ``name``.

    Each is followed by another report of the same number, with what only the module tells, if the plugin
    survives being asked twice.
    """
    for number, each in enumerate(_names(path, name)):
        try:
            report = _as_loaded(path, each)
        except PluginError:
            yield number, PluginReport(str(path), "VST3", name=each, failure=_NOT_LOADED)
            continue
        yield number, report
        yield number, _as_it_says(report)


def _names(path: Path, name: str | None) -> list[str]:
    from pedalboard import VST3Plugin

    try:
        names = [str(each) for each in VST3Plugin.get_plugin_names_for_file(str(path))]
    except (ImportError, ValueError, RuntimeError) as error:
        raise PluginError(_NOT_LOADED) from error
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
        name=plugin.name,
        vendor=plugin.vendor,
        version=plugin.version,
        kind="instrument" if plugin.is_instrument else "effect",
        latency_samples=plugin.latency_samples,
        parameter_count=len(rows),
        parameters=mark_ambiguous(rows),
    )


def _as_it_says(report: PluginReport) -> PluginReport:
    """The report with the plugin's id and the unique ids of its parameters, or a note on why without."""
    try:
        module = _module(Path(report.path))
        plugin = _class(module, report.name)
        report = msgspec.structs.replace(report, plugin_id=plugin.class_id.hex().upper())
        return msgspec.structs.replace(
            report, parameters=_with_ids(report.parameters, module.parameters(plugin.name))
        )
    except PluginError as error:
        return msgspec.structs.replace(report, notes=(f"no unique ids: {error}",))


def _with_ids(
    rows: tuple[ParameterReport, ...], listed: tuple[ModuleParameter, ...]
) -> tuple[ParameterReport, ...]:
    # The order is a host's habit, so it is believed only where every name agrees.
    names = dict(enumerate(parameter.title.strip() for parameter in listed))
    if any(names.get(row.index) != row.name for row in rows):
        raise PluginError("the module lists its parameters in another order")
    return tuple(msgspec.structs.replace(row, unique_id=listed[row.index].unique_id) for row in rows)


def _module(path: Path) -> Vst3Module:
    try:
        return Vst3Module(path)
    except PluginError as error:
        raise PluginError(_NOT_LOADED) from error


def _class(module: Vst3Module, name: str | None) -> ModuleClass:
    found = [plugin for plugin in module.classes if name in (None, plugin.name)]
    if not found:
        names = ", ".join(plugin.name for plugin in module.classes)
        raise PluginError(f"holds {names or 'no plugin'}, not {name}" if name else "holds no plugin")
    return found[0]
