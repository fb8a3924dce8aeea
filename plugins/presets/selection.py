"""One preset out of a file: by its place in the bank, or by name."""

from pathlib import Path

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets.formats import is_there, read_presets
from tsumami.plugins.presets.preset import Preset


def read_preset(place: str | Path, *, number: int | None = None, name: str | None = None) -> Preset:
    """The preset at ``place``: a file, or ``FILE#n`` for the n-th of a bank, counted from 1.

    ``number`` says the same as ``#n``; ``name`` chooses by name, whose case may differ. Raises
    `ParameterError` when nothing or more than one fits.
    """
    path, marked = split_place(place)
    presets = read_presets(path)
    number = marked if number is None else number
    if number is not None:
        if not 1 <= number <= len(presets):
            raise ParameterError(f"number must be in 1 to {len(presets)} for {path}, got {number}")
        return presets[number - 1]
    fitting = _named(presets, name) if name is not None else list(range(1, len(presets) + 1))
    if not fitting:
        raise ParameterError(f"name must be that of a preset in {path}, got {name!r}")
    if len(fitting) > 1:
        what = f"{len(fitting)} named {name!r}" if name is not None else f"a bank of {len(fitting)}"
        numbers = f"{fitting[0]}, {fitting[1]} …" if name is not None else f"1 to {len(fitting)}"
        raise ParameterError(f"preset must be one, got {what} in {path}; choose by number: {numbers}")
    return presets[fitting[0] - 1]


def split_place(place: str | Path) -> tuple[Path, int | None]:
    """File and number of ``FILE#n``; a file that has such a name itself is meant as it is."""
    file, _, digits = str(place).rpartition("#")
    if file and digits.isascii() and digits.isdigit() and len(digits) < 10 and not is_there(Path(place)):
        return Path(file), int(digits)
    return Path(place), None


def _named(presets: tuple[Preset, ...], name: str) -> list[int]:
    """Numbers of the presets called ``name``; only when there are none, case does not matter."""
    exact = [number for number, preset in enumerate(presets, 1) if preset.name == name]
    wanted = name.casefold()
    return exact or [number for number, preset in enumerate(presets, 1) if preset.name.casefold() == wanted]
