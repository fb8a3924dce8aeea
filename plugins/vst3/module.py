"""What a VST3 module says of itself, read without a host: its classes, and each parameter's unique id.

pedalboard does not tell a parameter's id, the number by which sessions and automation find it again in a
later version of the plugin. Reading it runs the plugin's own code: do it only in a process that may die.
"""

import ctypes
import sys
from ctypes import c_bool, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsumami.engine.errors import PluginError
from tsumami.plugins.vst3 import abi
from tsumami.plugins.vst3.bundle import module_file
from tsumami.plugins.vst3.host_order import host_order

_PLUGIN_CATEGORY = "Audio Module Class"


@dataclass(frozen=True, slots=True)
class ModuleClass:
    """A plugin in a module; ``sub_categories`` as in ``"Instrument|Synth"``."""

    class_id: bytes
    name: str
    vendor: str
    version: str
    sub_categories: str


@dataclass(frozen=True, slots=True)
class ModuleParameter:
    """A parameter as its plugin describes it; ``steps`` is 0 for a continuous one, 1 for a switch."""

    unique_id: int
    title: str
    units: str
    steps: int
    flags: int
    unit: int


class Vst3Module:
    """A loaded module. It is never unloaded: its process should end instead.

    Raises `PluginError` for a file that is no VST3 module of this system.
    """

    def __init__(self, path: Path) -> None:
        file = module_file(path)
        if file is None:
            raise PluginError(f"plugin must be a VST3 bundle for this system, got {path}")
        try:
            self._library = ctypes.CDLL(str(file))
            self._enter(path)
            get_factory: Any = self._library.GetPluginFactory
        except (OSError, AttributeError) as error:
            raise PluginError(f"plugin must be a VST3 module, got {file} ({error})") from error
        get_factory.restype = c_void_p
        self._factory = _interface(c_void_p(get_factory()), abi.FACTORY_2_ID)
        self._host = abi.HostApplication()
        self.classes = tuple(self._classes())

    def parameters(self, name: str) -> tuple[ModuleParameter, ...]:
        """The parameters of the plugin called ``name``, in the order in which pedalboard numbers them."""
        found = [entry for entry in self.classes if entry.name == name]
        if not found:
            names = ", ".join(entry.name for entry in self.classes)
            raise PluginError(f"plugin's name must be one of {names}, got {name!r}")
        controller = self._controller(found[0])
        listed = [_parameter(controller, place) for place in range(abi.GET_PARAMETER_COUNT(controller))]
        order = host_order([parameter.unit for parameter in listed], _parents(controller))
        return tuple(listed[place] for place in order)

    def _enter(self, path: Path) -> None:
        """Call what a module wants called before anything else."""
        if sys.platform == "darwin":
            _call_entry(self._library.bundleEntry, _core_foundation_bundle(path))
        elif sys.platform != "win32":
            _call_entry(self._library.ModuleEntry, c_void_p(self._library._handle))
        elif hasattr(self._library, "InitDll"):  # which Windows lets a module leave out
            _call_entry(self._library.InitDll)

    def _classes(self) -> list[ModuleClass]:
        infos = []
        for place in range(abi.COUNT_CLASSES(self._factory)):
            info = abi.ClassInfo()
            _check(abi.GET_CLASS_INFO(self._factory, place, ctypes.byref(info)), "getClassInfo2")
            if _words(info, "category") == _PLUGIN_CATEGORY:
                infos.append(info)
        return [
            ModuleClass(
                _class_id(info),
                *(_words(info, word) for word in ("name", "vendor", "version", "sub_categories")),
            )
            for info in infos
        ]

    def _controller(self, plugin: ModuleClass) -> c_void_p:
        """The part of a plugin that knows its parameters: one object with the part that sounds, or two."""
        component = self._make(plugin.class_id, abi.COMPONENT_ID)
        class_id = ctypes.create_string_buffer(16)
        if abi.GET_CONTROLLER_CLASS_ID(component, class_id) != abi.OK or not any(class_id.raw):
            return _interface(component, abi.CONTROLLER_ID)
        controller = self._make(class_id.raw, abi.CONTROLLER_ID)
        _connect(component, controller)
        return controller

    def _make(self, class_id: bytes, interface: bytes) -> c_void_p:
        made = c_void_p()
        _check(abi.CREATE_INSTANCE(self._factory, class_id, interface, ctypes.byref(made)), "createInstance")
        _check(abi.INITIALIZE(made, self._host.pointer), "initialize")
        return made


def _call_entry(entry: Any, *arguments: c_void_p) -> None:
    entry.restype = c_bool
    if not entry(*arguments):
        raise OSError("its entry function failed")


def _parameter(controller: c_void_p, place: int) -> ModuleParameter:
    info = abi.ParameterInfo()
    _check(abi.GET_PARAMETER_INFO(controller, place, ctypes.byref(info)), "getParameterInfo")
    return ModuleParameter(
        info.unique_id, abi.text(info.title), abi.text(info.units), info.step_count, info.flags, info.unit_id
    )


def _connect(component: c_void_p, controller: c_void_p) -> None:
    """Introduce a plugin's two parts: some controllers have no parameters before. Not all want it."""
    try:
        ends = [_interface(part, abi.CONNECTION_ID) for part in (component, controller)]
    except PluginError:
        return
    for end, other in zip(ends, reversed(ends), strict=True):
        abi.CONNECT(end, other)


def _parents(controller: c_void_p) -> dict[int, int]:
    """The group that each group of parameters stands in; none for a plugin that has no groups."""
    try:
        units = _interface(controller, abi.UNIT_INFO_ID)
    except PluginError:
        return {}
    parents = {}
    for place in range(1, abi.GET_UNIT_COUNT(units)):
        info = abi.UnitInfo()
        if abi.GET_UNIT_INFO(units, place, ctypes.byref(info)) == abi.OK:
            parents[info.unit_id] = info.parent_id
    return parents


def _interface(target: c_void_p, interface: bytes) -> c_void_p:
    found = c_void_p()
    _check(abi.QUERY_INTERFACE(target, interface, ctypes.byref(found)), "queryInterface")
    return found


def _check(result: int, call: str) -> None:
    if result != abi.OK:
        raise PluginError(f"plugin must be VST3 throughout, got {result} from its {call}")


def _class_id(info: abi.ClassInfo) -> bytes:
    """All 16 bytes; the field itself would end at the first zero."""
    return ctypes.string_at(ctypes.addressof(info), 16)


def _words(info: abi.ClassInfo, name: str) -> str:
    return str(getattr(info, name).decode("utf-8", "replace"))


def _core_foundation_bundle(path: Path) -> c_void_p:
    """The ``CFBundleRef`` that a module on macOS is entered with."""
    foundation = ctypes.CDLL("/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation")
    name = str(path).encode()
    make_url: Any = foundation.CFURLCreateFromFileSystemRepresentation
    make_url.restype = c_void_p
    make_url.argtypes = (c_void_p, ctypes.c_char_p, ctypes.c_long, c_bool)
    make_bundle: Any = foundation.CFBundleCreate
    make_bundle.restype = c_void_p
    make_bundle.argtypes = (c_void_p, c_void_p)
    return c_void_p(make_bundle(None, make_url(None, name, len(name), True)))
