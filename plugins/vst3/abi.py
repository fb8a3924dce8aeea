"""VST3's binary interface: its calls and structures, for `ctypes`.

Source: Steinberg's interface headers, ``pluginterfaces/base/{funknown,ipluginbase}.h`` and
``pluginterfaces/vst/ivst{component,editcontroller,hostapplication,message,units}.h``. An object is a pointer
to a pointer to a table of C functions, each of which takes the object first and returns 0 for success.
"""

import ctypes
import sys
import uuid
from ctypes import CFUNCTYPE, POINTER, c_char, c_char_p, c_double, c_int32, c_uint16, c_uint32, c_void_p
from dataclasses import dataclass
from typing import Any

OK = 0
NO_INTERFACE = -(2**31) + 0x4002 if sys.platform == "win32" else -1
NOT_IMPLEMENTED = -(2**31) + 0x4001 if sys.platform == "win32" else 3

_STRING_128 = c_uint16 * 128


def interface_id(digits: str) -> bytes:
    """The 16 bytes of an interface's or a class's id; Windows stores its first half as COM does."""
    name = uuid.UUID(digits)
    return name.bytes_le if sys.platform == "win32" else name.bytes


class ClassInfo(ctypes.Structure):
    """``PClassInfo2``: one class that a module can make."""

    _fields_ = (
        ("class_id", c_char * 16),
        ("cardinality", c_int32),
        ("category", c_char * 32),
        ("name", c_char * 64),
        ("flags", c_uint32),
        ("sub_categories", c_char * 128),
        ("vendor", c_char * 64),
        ("version", c_char * 64),
        ("sdk_version", c_char * 64),
    )


class ParameterInfo(ctypes.Structure):
    """``ParameterInfo``: one parameter as its controller describes it."""

    _fields_ = (
        ("unique_id", c_uint32),
        ("title", _STRING_128),
        ("short_title", _STRING_128),
        ("units", _STRING_128),
        ("step_count", c_int32),
        ("default", c_double),
        ("unit_id", c_int32),
        ("flags", c_int32),
    )


class UnitInfo(ctypes.Structure):
    """``UnitInfo``: a group of parameters."""

    _fields_ = (
        ("unit_id", c_int32),
        ("parent_id", c_int32),
        ("name", _STRING_128),
        ("program_list_id", c_int32),
    )


@dataclass(frozen=True, slots=True)
class Method:
    """A function of an object: its place in the table and the types of what it takes after the object."""

    place: int
    arguments: tuple[Any, ...] = ()

    def __call__(self, target: c_void_p, *values: Any) -> int:
        """Call it of ``target``."""
        table = ctypes.cast(target, POINTER(POINTER(c_void_p))).contents
        function = CFUNCTYPE(c_int32, c_void_p, *self.arguments)(table[self.place])
        return int(function(target, *values))


# FUnknown
QUERY_INTERFACE = Method(0, (c_char_p, POINTER(c_void_p)))
# IPluginFactory, IPluginFactory2
COUNT_CLASSES = Method(4)
CREATE_INSTANCE = Method(6, (c_char_p, c_char_p, POINTER(c_void_p)))
GET_CLASS_INFO = Method(7, (c_int32, POINTER(ClassInfo)))
# IPluginBase, which IComponent and IEditController begin with
INITIALIZE = Method(3, (c_void_p,))
# IComponent
GET_CONTROLLER_CLASS_ID = Method(5, (c_char_p,))
# IEditController
GET_PARAMETER_COUNT = Method(8)
GET_PARAMETER_INFO = Method(9, (c_int32, POINTER(ParameterInfo)))
# IConnectionPoint
CONNECT = Method(3, (c_void_p,))
# IUnitInfo
GET_UNIT_COUNT = Method(3)
GET_UNIT_INFO = Method(4, (c_int32, POINTER(UnitInfo)))

UNKNOWN_ID = interface_id("00000000-0000-0000-C000-000000000046")
FACTORY_2_ID = interface_id("0007B650-F24B-4C0B-A464-EDB9F00B2ABB")
COMPONENT_ID = interface_id("E831FF31-F2D5-4301-928E-BBEE25697802")
CONTROLLER_ID = interface_id("DCD7BBE3-7742-448D-A874-AACC979C759E")
CONNECTION_ID = interface_id("70A4156F-6E6E-4026-9891-48BFAA60D8D1")
UNIT_INFO_ID = interface_id("3D4BD6B5-913A-4FD2-A886-E768A5EB92C1")
HOST_APPLICATION_ID = interface_id("58E595CC-DB2D-4969-8B6A-AF8C36A664E5")


class HostApplication:
    """``IHostApplication``: the object that tells a plugin who its host is. Keep it while a plugin lives."""

    _NAME = "Tsumami"

    def __init__(self) -> None:
        # The functions are kept: ctypes frees one that nothing refers to.
        self._functions = (
            CFUNCTYPE(c_int32, c_void_p, c_void_p, POINTER(c_void_p))(self._query_interface),
            CFUNCTYPE(c_uint32, c_void_p)(lambda _: 1),  # addRef
            CFUNCTYPE(c_uint32, c_void_p)(lambda _: 1),  # release
            CFUNCTYPE(c_int32, c_void_p, POINTER(_STRING_128))(self._get_name),
            CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p, POINTER(c_void_p))(self._create_instance),
        )
        addresses = [ctypes.cast(function, c_void_p).value for function in self._functions]
        self._table = (c_void_p * len(addresses))(*addresses)
        self._object = c_void_p(ctypes.addressof(self._table))
        self.pointer = c_void_p(ctypes.addressof(self._object))

    def _query_interface(self, this: int, wanted: int, found: Any) -> int:
        is_known = ctypes.string_at(wanted, 16) in (UNKNOWN_ID, HOST_APPLICATION_ID)
        found[0] = this if is_known else None
        return OK if is_known else NO_INTERFACE

    def _get_name(self, _this: int, name: Any) -> int:
        for place, character in enumerate(f"{self._NAME}\0"):
            name.contents[place] = ord(character)
        return OK

    def _create_instance(self, _this: int, _class_id: int, _interface: int, made: Any) -> int:
        made[0] = None
        return NOT_IMPLEMENTED


def text(characters: Any) -> str:
    """A UTF-16 string of a structure."""
    return bytes(characters).decode("utf-16-le", "replace").split("\0", 1)[0]
