"""What a page is told of a session once."""

from pathlib import Path

import numpy as np
import pytest

from tsumami.bridge.mapping import Positions
from tsumami.bridge.mapping.address import addresses_of
from tsumami.bridge.osc import Surface
from tsumami.bridge.page.catalogue import facts_of
from tsumami.bridge.session.session import parse_session
from tsumami.bridge.session.setup import set_up
from tsumami.engine.config import MacroLabel
from tsumami.engine.restoration.repair_control import HOLD_SECONDS

SESSION = """
[tempo]
bpm = 90
[input]
source = "device"
repair = true
[loop]
kind = "bass"
density = 0.3
[groove]
on = true
"""


def test_what_is_reset_goes_where_the_session_began() -> None:
    setup = set_up(parse_session(SESSION, Path("show.toml")))
    positions = Positions(np.zeros(len(setup.parameters)))
    surface = Surface(addresses_of(setup.targets(setup.macros)), positions, lambda _: None)
    facts = facts_of(setup, [MacroLabel(name, "", "") for name in setup.macros], surface)
    defaults = {each.address: each.default for each in facts.addresses}
    for place, position in {
        "gain": 1.0,
        "tempo": 0.3,
        "macro/bright": 0.5,
        "latent/31": 0.5,
        "loop/level": 1.0,
        "loop/density": 0.3,
        "loop/mute": 0.0,
        "repair/on": 1.0,
        "repair/hold": HOLD_SECONDS,
        "groove/sensitivity": 1.0,
    }.items():
        assert defaults[f"/tsumami/{place}"] == pytest.approx(position), place
