"""What a performer has taught the macros of a session: a TOML file beside it.

::

    model = "macros.onnx"
    sha256 = "3b1f…"

    [[macro]]
    name = "bright"
    direction = [0.91, 0.0, …]      # a macro's axis, as long as the latent

    [[macro.pair]]
    more = "Glass Choir"
    than = "Warm Evening"
    difference = [1.2, -0.3, …]     # of their latents

The pairs are kept with where their sounds lie, so that more can be added when the presets are gone. What was
learned from them is kept too: another version of the fit does not change how a knob feels.
"""

import json
import textwrap
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from tsumami.engine.errors import SessionError

_SUFFIX: Final = ".macros.toml"
_HEAD: Final = "# Written by `tsumami macros teach`; `tsumami macros forget` undoes it.\n"
_WIDTH: Final = 110
_LARGEST: Final = 1e6
_SMALLEST: Final = 1e-6


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two sounds of which a performer has said that ``more`` is more of the macro ``than`` the other."""

    more: str
    than: str
    difference: tuple[float, ...]
    """Of their latents, ``more`` less ``than``."""


class TaughtMacro(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One macro's pairs, and the direction in the latent that was learned from them."""

    name: str
    direction: tuple[float, ...]
    pairs: tuple[Pair, ...] = msgspec.field(name="pair")

    def with_pairs(self, added: Iterable[Pair]) -> tuple[Pair, ...]:
        """The pairs and ``added`` ones; one that is given again counts once, where it lies now."""
        return tuple({(pair.more, pair.than): pair for pair in (*self.pairs, *added)}.values())


class Taught(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a session's macros were taught, and the model file whose latent it is about."""

    model: str
    sha256: str
    macros: tuple[TaughtMacro, ...] = msgspec.field(default=(), name="macro")

    def macro(self, name: str) -> TaughtMacro | None:
        """What the macro called ``name`` was taught."""
        return next((macro for macro in self.macros if macro.name == name), None)

    def with_macro(self, taught: TaughtMacro) -> "Taught":
        """The same with one macro taught anew."""
        return msgspec.structs.replace(self, macros=(*self.without(taught.name).macros, taught))

    def without(self, name: str) -> "Taught":
        """The same without what one macro was taught."""
        kept = tuple(macro for macro in self.macros if macro.name != name)
        return msgspec.structs.replace(self, macros=kept)


def taught_path(session: Path) -> Path:
    """Where what the macros of a session file were taught is kept: ``set.macros.toml`` of ``set.toml``."""
    return session.with_suffix(_SUFFIX)


def read_taught(path: Path) -> Taught | None:
    """What stands in the file at ``path``, None when there is none; `SessionError` when it is broken."""
    try:
        taught = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Taught)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, msgspec.ValidationError) as error:
        reason = " ".join(str(error).split())
        raise SessionError(
            f"{path} must be as `tsumami macros teach` writes it, got: {reason}; "
            "`tsumami macros forget` removes it"
        ) from None
    if not all(map(_is_usable, taught.macros)):
        raise SessionError(
            f"{path} must hold numbers and directions with a length, got others; "
            "`tsumami macros forget` removes it"
        )
    return taught


def _is_usable(macro: TaughtMacro) -> bool:
    """Whether all numbers are such as a latent has, and the direction leads somewhere."""
    rows = [macro.direction, *(pair.difference for pair in macro.pairs)]
    is_in_range = all(abs(number) < _LARGEST for row in rows for number in row)  # of no NaN either
    return is_in_range and any(abs(number) > _SMALLEST for number in macro.direction)


def write_taught(path: Path, taught: Taught) -> None:
    """Write ``taught`` beside ``path`` and rename it; `SessionError` when that cannot be."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(_text(taught), "utf-8")
        beside.replace(path)
    except OSError as error:
        raise SessionError(
            f"folder of the session must be one that can be written to, got {path} ({error.strerror})"
        ) from None
    finally:
        beside.unlink(missing_ok=True)


def remove_taught(path: Path) -> None:
    """Remove the file, if it is there; `SessionError` when that cannot be."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SessionError(f"{path} must be a file that can be removed, got {error.strerror}") from None


def _text(taught: Taught) -> str:
    lines = [_HEAD, f"model = {_quoted(taught.model)}", f"sha256 = {_quoted(taught.sha256)}"]
    for macro in taught.macros:
        lines += ["", "[[macro]]", f"name = {_quoted(macro.name)}", f"direction = {_array(macro.direction)}"]
        for pair in macro.pairs:
            lines += ["", "[[macro.pair]]", f"more = {_quoted(pair.more)}", f"than = {_quoted(pair.than)}"]
            lines += [f"difference = {_array(pair.difference)}"]
    return "\n".join([*lines, ""])


def _array(numbers: Iterable[float]) -> str:
    text = ", ".join(repr(float(number)) for number in numbers)
    return f"[\n{textwrap.indent(textwrap.fill(text, _WIDTH - 4), '    ')},\n]"


def _quoted(text: str) -> str:
    """A basic string of TOML, whose escapes are those of JSON but for one more control character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
