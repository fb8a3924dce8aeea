"""The work of `tsumami presets check`: a dry run of what a model is to learn from, up to the plugin."""

import json as json_module
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tsumami.engine.errors import PluginError, TsumamiError
from tsumami.plugins.presets import Preset, check_synth
from tsumami.plugins.presets.check import PresetCheck, check_presets, synth_of
from tsumami.plugins.presets.parameter_lists import parameter_list
from tsumami.plugins.presets.preset import is_same_synth
from tsumami.plugins.presets.tags import TAG_PAIRS
from tsumami.plugins.scan import find_plugins, probe
from tsumami.plugins.scan.folders import standard_folders
from tsumami.plugins.scan.report import PluginReport

_NAMED = 6
_UNTAGGED = "no preset has a tag of a pair: labels will be measured on the sounds"


def run_check(presets: Sequence[Preset], choice: str, plugin: Path | None, *, json: bool) -> Path:
    """Say what there is to learn from ``presets``, and return the plugin that can render them.

    Raises `ParameterError` for presets or a list of parameters that are not there, and, when everything has
    been said, `PluginError` for a plugin that is not there or not theirs.
    """
    synth = synth_of(presets)
    own = [preset for preset in presets if preset.synth == synth]
    present = dict.fromkeys(name for preset in own for name in preset.positions)
    check = check_presets(presets, parameter_list(synth, choice, tuple(present)))
    if not json:
        print("\n".join(_lines(check)))
    try:
        report = _look_at(plugin or _find(synth), own[0], check.parameters)
    except TsumamiError:
        if json:
            print(json_module.dumps(_document(check, None)))
        raise
    if json:
        print(json_module.dumps(_document(check, report)))
    else:
        about = f"plugin: {' '.join([report.name, report.version]).strip()} in {report.path}"
        print(about + (" has them too" if check.parameters else ""))
    return Path(report.path)


def _find(synth: str) -> Path:
    """The plugin of a synthesizer in the standard folders, VST3 before VST2."""
    fitting = [found for found in find_plugins() if is_same_synth(synth, found.path.stem)]
    if fitting:
        return max(fitting, key=lambda found: found.format).path
    folders = ", ".join(map(str, standard_folders("VST3")))
    raise PluginError(
        f"plugin must be in a standard folder, got no {synth}.vst3 in {folders}; install it there, "
        "name its folder in VST3_PATH, or give --plugin PATH"
    )


def _look_at(path: Path, preset: Preset, parameters: Sequence[str]) -> PluginReport:
    """Load the plugin once, in a process of its own; it must be the preset's, and have the parameters."""
    report = probe(path)[0]
    if report.failure or report.kind != "instrument":
        reason = report.failure or "is an effect"
        raise PluginError(f"plugin must be an instrument that works here, got {path}, which {reason}")
    check_synth(preset, report.name, report.plugin_id)
    names = [row.name for row in report.parameters]
    missing = [name for name in parameters if names.count(name) != 1]
    if missing:
        raise PluginError(
            f"plugin must have each of the parameters once, got {report.name} without {_some(missing)}"
        )
    return report


def _lines(check: PresetCheck) -> list[str]:
    """What there is to learn, as a person reads it."""
    count = len(check.parameters)
    others = ", ".join(f"{number} of {synth or 'no name'}" for synth, number in check.others.items())
    lines = [f"{_counted(check.presets)} of {check.synth or 'a synthesizer without a name'}"]
    lines += [f"not looked at: {others}"] if others else []
    tagged = f"{_counted(check.tagged)} with a tag of a pair: {_pairs(check)}"
    lines += [tagged if check.tagged else _UNTAGGED]
    if not check.parameters:
        return [*lines, "their parameters stand in states that only the plugin can read"]
    if check.unset:
        lines += [f"{_some(check.unset)} of {count} parameters are not set by every preset"]
    else:
        lines += [f"every preset sets all {count} parameters"]
    lines += [f"the same in all presets: {_some(check.still)}"] if check.still else []
    lines += [f"{_counted(check.filled)} leave out some, which have their default"] if check.filled else []
    lines += [f"{_counted(check.clipped)} with some out of range, which are clipped"] if check.clipped else []
    return [*lines, f"{_counted(check.different)} that differ in them"]


def _document(check: PresetCheck, plugin: PluginReport | None) -> dict[str, Any]:
    """The same as one JSON document; ``plugin`` is None where it was not found."""
    return {
        "synth": check.synth,
        "presets": check.presets,
        "others": dict(check.others),
        "tagged": check.tagged,
        "tags": dict(check.sides),
        "parameters": list(check.parameters),
        "unset": dict(check.unset),
        "still": list(check.still),
        "filled": check.filled,
        "clipped": check.clipped,
        "different": check.different,
        "plugin": None if plugin is None else plugin.path,
    }


def _pairs(check: PresetCheck) -> str:
    sides = [[side[0] for side in pair] for pair in TAG_PAIRS]
    return ", ".join(f"{low} {check.sides[low]} / {high} {check.sides[high]}" for low, high in sides)


def _counted(number: int) -> str:
    return "1 preset" if number == 1 else f"{number} presets"


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:_NAMED]) + (", …" if len(listed) > _NAMED else "")
