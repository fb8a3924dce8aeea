"""VST2 plugins: DawDreamer's view of one, and what only the plugin itself tells.

Runs the plugin's code, so only in a process that may die, and one that never loads numba, which cannot live
with DawDreamer. The binary interface is that of the free header ``vestige.h`` (LMMS).
"""

import ctypes
from collections.abc import Iterator
from ctypes import CFUNCTYPE, POINTER, c_float, c_int32, c_ssize_t, c_void_p
from pathlib import Path
from typing import Any

import msgspec

from tsumami.engine.errors import PluginError
from tsumami.plugins.scan.report import ParameterReport, PluginReport, mark_ambiguous

_SAMPLE_RATE = 48_000
_BLOCK_SIZE = 512
_MOST_CHOICES = 64

_HOST_VERSION = 1
_VST_2_4 = 2400
_OPEN, _EFFECT_NAME, _VENDOR = 0, 45, 47
_IS_SYNTH = 1 << 8
_LONGEST_TEXT = 1024
"""Bytes; plugins write past the 64 that the interface names."""

_HostCallback = CFUNCTYPE(c_ssize_t, c_void_p, c_int32, c_int32, c_ssize_t, c_void_p, c_float)
_Dispatcher = CFUNCTYPE(c_ssize_t, c_void_p, c_int32, c_int32, c_ssize_t, c_void_p, c_float)


class _Effect(ctypes.Structure):
    """``AEffect``, as far as it is read here."""

    _fields_ = (
        ("magic", c_int32),
        ("dispatcher", _Dispatcher),
        ("process", c_void_p),
        ("set_parameter", c_void_p),
        ("get_parameter", c_void_p),
        ("programs", c_int32),
        ("parameters", c_int32),
        ("inputs", c_int32),
        ("outputs", c_int32),
        ("flags", c_int32),
    )


def vst2_reports(path: Path) -> Iterator[tuple[int, PluginReport]]:
    """What DawDreamer says of a plugin; then the same with its name, vendor and kind, if it survives that.

    Both are number 0: a VST2 file holds one plugin.
    """
    report = _as_loaded(path)
    yield 0, report
    yield 0, _as_it_says(path, report)


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


def _as_it_says(path: Path, report: PluginReport) -> PluginReport:
    library = ctypes.CDLL(str(path))
    start: Any = library.VSTPluginMain
    start.restype, start.argtypes = POINTER(_Effect), (_HostCallback,)
    answer = _HostCallback(lambda _effect, question, *_: _VST_2_4 if question == _HOST_VERSION else 0)
    effect: Any = start(answer)
    if not effect:
        return report

    def ask(question: int) -> str:
        text = ctypes.create_string_buffer(_LONGEST_TEXT)
        effect.contents.dispatcher(effect, question, 0, 0, text, 0.0)
        return text.value.decode("utf-8", "replace").strip()

    effect.contents.dispatcher(effect, _OPEN, 0, 0, None, 0.0)
    return msgspec.structs.replace(
        report,
        name=ask(_EFFECT_NAME) or report.name,
        vendor=ask(_VENDOR),
        kind="instrument" if effect.contents.flags & _IS_SYNTH else "effect",
    )
