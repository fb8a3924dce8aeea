"""The OSC of a live session."""

from collections.abc import Callable, Sequence

from tsumami.bridge.mapping.address import addresses_of
from tsumami.bridge.osc import OscServer, Surface
from tsumami.bridge.router import Router
from tsumami.bridge.session.setup import Setup
from tsumami.engine.errors import DeviceError
from tsumami.engine.events import Events


def open_osc(
    setup: Setup,
    macros: Sequence[str],
    router: Router,
    sink: Callable[[Events], None],
    tell: Callable[[str], None],
    learn: Callable[[str], None],
) -> OscServer | None:
    """Listen where the session says; None where that cannot be, which is told."""
    lock = None if router.state is None else router.state.lock
    patches = [patch.name for patch in setup.patches] or [preset.name for preset in setup.presets]
    surface = Surface(addresses_of(setup.targets(macros)), router.positions, sink, patches, lock, learn)
    server = OscServer(surface, setup.session.osc.host, setup.session.osc.port or 0, tell)
    try:
        server.open()
    except DeviceError as error:
        tell(f"no OSC: {error}")
        return None
    host, port = server.address
    tell(f"OSC on {host}:{port}")
    return server
