"""An engine of the benchmarks: the default session on a given device."""

import contextlib
import dataclasses
from collections.abc import Iterator

from tsumami.bridge.session.session import load_session
from tsumami.bridge.session.setup import Setup, set_up
from tsumami.engine import DeviceRequest, EngineClient, Message, StripSettings


@contextlib.contextmanager
def playing_engine(
    device: DeviceRequest, block_size: int, *, stress: bool, category: str, scope: bool = False
) -> Iterator[tuple[EngineClient, Setup, Message]]:
    """A running engine with the bank's first patch of ``category``."""
    setup = set_up(load_session(None))
    patch = next(patch for patch in setup.patches if patch.category == category)
    config = dataclasses.replace(
        setup.config,
        device=device,
        stress=stress,
        scope=scope,
        values=tuple(patch.values.tolist()),
        settings=StripSettings(block_size=block_size),
    )
    client = EngineClient(config, lambda _: None)
    try:
        client.launch()
        yield client, setup, client.wait_ready()
    finally:
        client.close()
