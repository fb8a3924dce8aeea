"""The state of a live session: where everything stands, and what is kept of it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tsumami.bridge.mapping import Positions
from tsumami.bridge.mapping.address import addresses_of
from tsumami.bridge.rack import Rack
from tsumami.bridge.router import Router
from tsumami.bridge.setup import Setup
from tsumami.bridge.state import State
from tsumami.bridge.state.files import autosave_path, snapshots_path
from tsumami.engine import EngineClient
from tsumami.engine.events import EVENT_DTYPE, NOW, Kind, effect_index


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

    def load(rows: Mapping[int, float]) -> None:
        if setup.config.macro_model is None:
            events = [(NOW, 0, value, row, int(Kind.PARAMETER), 0) for row, value in rows.items()]
            router.route(np.array(events, EVENT_DTYPE))
            return
        values = client.memory.meters["parameters"][: len(setup.parameters)].astype(np.float32)
        values[list(rows)] = list(rows.values())
        client.load_patch(values)

    _place(setup, rack, router.positions)
    state = State(
        addresses_of(setup.targets(macros)),
        router.positions,
        play=router.route,
        load=load,
        show=show,
        tell=tell,
        snapshots=snapshots_path(path),
        autosave=autosave_path(path),
    )
    state.sound = setup.sound
    router.state = state
    return state


def _place(setup: Setup, rack: Rack, positions: Positions) -> None:
    """Say where everything stands to begin with that the engine does not tell."""
    positions.put(Kind.GAIN, 0, 10.0 ** (setup.session.output.gain_db / 20.0))
    for number, (effect, client) in enumerate(zip(setup.session.effects, rack.effects, strict=True)):
        positions.put(Kind.BYPASS, number, float(effect.bypass))
        for row, value in enumerate(client.facts.values):
            positions.put(Kind.EFFECT, effect_index(number, row), float(value))
