"""The state of a live session: where everything stands, and what is kept of it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tsumami.bridge.mapping import Positions
from tsumami.bridge.mapping.address import addresses_of
from tsumami.bridge.router import Router
from tsumami.bridge.session.rack import Rack
from tsumami.bridge.session.setup import Setup
from tsumami.bridge.state import State
from tsumami.bridge.state.files import autosave_path, snapshots_path
from tsumami.bridge.state.instrument import Rows
from tsumami.engine import EngineClient
from tsumami.engine.events import EVENT_DTYPE, NOW, Kind, effect_index
from tsumami.engine.restoration.repair_control import HOLD_SECONDS, RepairControl


def open_state(
    setup: Setup,
    rack: Rack,
    macros: Sequence[str],
    client: EngineClient,
    router: Router,
    *,
    path: Path | None,
    show: Callable[[str], None],
    tell: Callable[[str], None],
) -> State:
    """The state of the session in the file at ``path``; the router tells it what moves."""
    _place(setup, rack, router.positions)
    state = State(
        addresses_of(setup.targets(macros)),
        router.positions,
        play=router.route,
        instrument=_LiveInstrument(setup, client, router),
        show=show,
        tell=tell,
        snapshots=snapshots_path(path),
        autosave=autosave_path(path),
    )
    state.sound = setup.sound
    router.state = state
    return state


class _LiveInstrument:
    """The instrument of a session, whose macros, if it has a model, move from what it is given."""

    def __init__(self, setup: Setup, client: EngineClient, router: Router) -> None:
        self._client, self._router = client, router
        self._count = len(setup.parameters)
        self._has_model = setup.config.macro_model is not None

    def load(self, rows: Rows) -> None:
        """See `Instrument`."""
        if self._has_model:
            self._client.load_patch(self._with(rows))
        else:
            events = [(NOW, 0, value, row, int(Kind.PARAMETER), 0) for row, value in rows.items()]
            self._router.route(np.array(events, EVENT_DTYPE))

    def morph_between(self, first: Rows, second: Rows) -> bool:
        """See `Instrument`."""
        return self._has_model and self._client.morph_between(self._with(first), self._with(second))

    def morph(self, share: float) -> None:
        """See `Instrument`."""
        self._client.morph(share)

    def _with(self, rows: Rows) -> npt.NDArray[np.float32]:
        """The present parameters with others in some rows."""
        values = self._client.memory.meters["parameters"][: self._count].astype(np.float32)
        values[list(rows)] = list(rows.values())
        return np.asarray(values)


def _place(setup: Setup, rack: Rack, positions: Positions) -> None:
    """Say where everything stands to begin with that the engine does not tell."""
    positions.put(Kind.GAIN, 0, 10.0 ** (setup.session.output.gain_db / 20.0))
    if setup.session.input.repair:
        positions.put(Kind.REPAIR, RepairControl.ON, 1.0)
        positions.put(Kind.REPAIR, RepairControl.HOLD, HOLD_SECONDS)
    for number, (effect, client) in enumerate(zip(setup.session.effects, rack.effects, strict=True)):
        positions.put(Kind.BYPASS, number, float(effect.bypass))
        for row, value in enumerate(client.facts.values):
            positions.put(Kind.EFFECT, effect_index(number, row), float(value))
