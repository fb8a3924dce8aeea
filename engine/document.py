"""Frozen dataclasses as JSON documents and back, exactly; a wrong document is named by its field.

Fields may be str, int, float, ``Literal`` strings, other such dataclasses, ``tuple[X, ...]`` and
``Mapping[str, X]``. Every field without a default must be present, and no others may be.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from tsumami.engine.errors import ModelError

T = TypeVar("T")


def to_document(value: Any) -> Any:
    """The JSON value of a dataclass (or of a part of one)."""
    if dataclasses.is_dataclass(value):
        return {field.name: to_document(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: to_document(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [to_document(item) for item in value]
    return value


def to_json(value: Any) -> str:
    """The JSON text of a dataclass, one line, fields in their order."""
    return json.dumps(to_document(value), allow_nan=False, ensure_ascii=False)


def from_json(shape: type[T], text: str, where: str) -> T:
    """Read a ``shape`` from JSON text; `ModelError` names the field below ``where`` that breaks the rule."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ModelError(f"{where} must be a JSON document, got text that is not one ({error})") from None
    return cast(T, from_document(shape, document, where))


def from_document(shape: Any, value: Any, where: str) -> Any:
    """Read a ``shape`` (any annotation of the module's docstring) from its JSON value."""
    if dataclasses.is_dataclass(shape):
        return _dataclass(shape, value, where)
    origin, arguments = get_origin(shape), get_args(shape)
    if origin is Literal:
        return _choice(arguments, value, where)
    if origin is tuple:
        items = _expect(list, "a list", value, where)
        return tuple(from_document(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(items))
    if origin is Mapping:
        items = _expect(dict, "an object", value, where)
        return {key: from_document(arguments[1], item, f"{where}.{key}") for key, item in items.items()}
    return _scalar(shape, value, where)


def _dataclass(shape: Any, value: Any, where: str) -> Any:
    document = _expect(dict, "an object", value, where)
    hints = get_type_hints(shape)
    fields = dataclasses.fields(shape)
    names = [field.name for field in fields]
    for name in (field.name for field in fields if not _has_default(field)):
        if name not in document:
            raise ModelError(f"{where}.{name} must be given, got only {', '.join(document) or 'nothing'}")
    for name in document:
        if name not in names:
            raise ModelError(f"{where} must hold only {', '.join(names)}, got {name}")
    return shape(**{name: from_document(hints[name], document[name], f"{where}.{name}") for name in document})


def _has_default(field: "dataclasses.Field[Any]") -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _choice(choices: tuple[str, ...], value: Any, where: str) -> Any:
    if value not in choices:
        raise ModelError(f"{where} must be one of {', '.join(choices)}, got {value!r}")
    return value


def _scalar(shape: type, value: Any, where: str) -> Any:
    if shape is float and type(value) is int:
        return float(value)
    read = _expect(shape, {str: "text", int: "a whole number", float: "a number"}[shape], value, where)
    if shape is float and not math.isfinite(read):
        raise ModelError(f"{where} must be finite, got {read}")
    return read


def _expect(kind: type, rule: str, value: Any, where: str) -> Any:
    if type(value) is not kind:
        raise ModelError(f"{where} must be {rule}, got {value!r}")
    return value
