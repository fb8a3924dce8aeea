"""A plugin's parameters as rows, and how one is found by number, unique id or name.

Large plugins repeat names (an instrument with two oscillators has two rows "Tune"), and some have none, so
a name alone is no address. Every row has a ``label`` of its own: its name where that is unique, else the
name with its number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from tsumami.engine.errors import ParameterError
from tsumami.engine.parameter import Parameter

_NAMED_IN_ERRORS = 8


@dataclass(frozen=True, slots=True)
class PluginParameter:
    """One row: everything the host knows of a parameter before it is moved.

    ``index`` is its number in the plugin's own order, ``unique_id`` the number that the plugin gives it for
    ever (VST3's ParamID), None where that could not be read. ``default`` is a position 0-1, and
    ``choices`` are the texts of a discrete parameter's steps.
    """

    index: int
    name: str
    default: float
    unit: str = ""
    choices: tuple[str, ...] = ()
    unique_id: int | None = None


class ParameterTable:
    """The rows of one plugin, in its own order; "row" below is a place in this table, from 0.

    A plugin may have parameters that are not for people and stand in no row, so that a row's place and
    its ``index`` can differ.
    """

    def __init__(self, rows: Sequence[PluginParameter]) -> None:
        self.rows = tuple(rows)
        names: dict[str, list[int]] = {}
        for place, row in enumerate(self.rows):
            names.setdefault(row.name, []).append(place)
        self._names = names
        self._labels: dict[str, int] = {}
        for place, row in enumerate(self.rows):
            label = _label(row, names)
            while label in self._labels:  # a plugin may itself call something "Tune #3"
                label += "'"
            self._labels[label] = place

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def labels(self) -> tuple[str, ...]:
        """A unique label for each row: ``"Cutoff"``, or ``"Tune #7"`` where a name repeats or is empty."""
        return tuple(self._labels)

    @property
    def ambiguous(self) -> dict[str, tuple[int, ...]]:
        """Names that stand for several rows, and which rows."""
        return {name: tuple(rows) for name, rows in self._names.items() if len(rows) > 1}

    def with_unique_ids(self, ids: Mapping[int, int | None]) -> "ParameterTable":
        """The same rows with the unique ids of ``ids``, by index."""
        return ParameterTable([replace(row, unique_id=ids.get(row.index)) for row in self.rows])

    def engine_parameters(self) -> tuple[Parameter, ...]:
        """The table in the engine's terms: positions 0-1 under unique labels."""
        return tuple(
            _discrete(label, row) if row.choices else Parameter(label, 0.0, 1.0, row.unit, row.default)
            for label, row in zip(self._labels, self.rows, strict=True)
        )

    def find(self, address: str) -> int:
        """The row of ``"#7"`` (index), ``"id:48"`` (unique id), a label or a name; capitals do not matter.

        Raises `ParameterError` for an address that stands for no row or for several, saying which.
        """
        found = self._matches(address.strip())
        if len(found) == 1:
            return found[0]
        if found:
            rows = ", ".join(f'"#{self.rows[place].index}"' for place in found)
            raise ParameterError(f"parameter must be unambiguous, got {address!r}: say one of {rows}")
        near = get_close_matches(address, self.labels, 1, 0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ParameterError(
            f'parameter must be a name, "#index" or "id:number" of the plugin\'s {len(self)} '
            f"({self._some_labels()}), got {address!r}{hint}"
        )

    def _matches(self, address: str) -> list[int]:
        if address.startswith("#") and address[1:].isdecimal():
            return [place for place, row in enumerate(self.rows) if row.index == int(address[1:])]
        if address.startswith("id:") and address[3:].isdecimal():
            return [place for place, row in enumerate(self.rows) if row.unique_id == int(address[3:])]
        if address in self._labels:
            return [self._labels[address]]
        exact = self._names.get(address)
        if exact is not None:
            return exact
        folded = address.casefold()
        return [place for place, row in enumerate(self.rows) if row.name.casefold() == folded]

    def _some_labels(self) -> str:
        shown = ", ".join(self.labels[:_NAMED_IN_ERRORS])
        return f"{shown}, …" if len(self) > _NAMED_IN_ERRORS else shown


def labels_of(names: Sequence[str]) -> tuple[str, ...]:
    """The labels of parameters of which only the names are known, in the plugin's own order.

    >>> labels_of(["Cutoff", "Tune", "Tune"])
    ('Cutoff', 'Tune #1', 'Tune #2')
    """
    return ParameterTable([PluginParameter(index, name, 0.0) for index, name in enumerate(names)]).labels


def _discrete(label: str, row: PluginParameter) -> Parameter:
    last = len(row.choices) - 1
    default = float(round(row.default * last))
    return Parameter(label, 0.0, float(last), row.unit, default, "discrete", row.choices)


def _label(row: PluginParameter, names: dict[str, list[int]]) -> str:
    if not row.name:
        return f"#{row.index}"
    return row.name if len(names[row.name]) == 1 else f"{row.name} #{row.index}"
