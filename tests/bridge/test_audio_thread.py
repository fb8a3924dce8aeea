"""The whole audio thread, with the built-in synth in it: it allocates nothing and gives way to nobody."""

import sys
import time

import numpy as np

from tests.allocations import allocations
from tsumami.engine import Events, Kind, NullDevice, Strip, StripSettings, event
from tsumami.engine.jit import kernel
from tsumami.plugins import BuiltinSynth


@kernel
def _allocate(size: int) -> float:
    return float(np.zeros(size).sum())


def _chord(*, on: bool) -> Events:
    kind = Kind.NOTE_ON if on else Kind.NOTE_OFF
    return np.concatenate([event(kind, note, 0.8) for note in range(36, 60, 3)])


def test_a_block_allocates_nothing() -> None:
    strip = Strip(BuiltinSynth(), StripSettings())

    def play() -> None:
        strip.run(4096, _chord(on=True))
        strip.run(4096, np.concatenate([event(Kind.PARAMETER, row, 0.7) for row in range(32)]))
        strip.run(4096, _chord(on=False))

    assert allocations(play) == 0
    assert strip.meters["peak"] > 0.01
    assert allocations(lambda: _allocate(10)) > 0


def test_the_clock_goes_on_while_python_is_busy() -> None:
    """With the interpreter's lock held for long, a callback in Python would stand still."""
    strip = Strip(BuiltinSynth(), StripSettings())
    device = NullDevice(strip)
    before = sys.getswitchinterval()
    sys.setswitchinterval(10.0)  # whoever has the lock keeps it
    try:
        start = strip.sample
        deadline = time.perf_counter() + 0.3
        while time.perf_counter() < deadline:
            pass
        passed = strip.sample - start
    finally:
        sys.setswitchinterval(before)
        device.close()
    # A callback in Python would not pass a single block; on a busy machine a compiled one may miss many.
    assert passed > 0.3 * 48000 * 0.2
