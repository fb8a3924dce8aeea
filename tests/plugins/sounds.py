"""Helpers of the synthesizer's tests: play events in blocks, and measure what comes out."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from tsumami.engine.events import EVENT_DTYPE, Events, Kind, event
from tsumami.engine.stage import run_stage
from tsumami.plugins import BuiltinSynth
from tsumami.plugins.builtin.patch import Setting, positions_of

RATE = 48_000

RAW: dict[str, Setting] = {
    "osc_mix": 0.0,
    "cutoff": 18_000.0,
    "resonance": 0.0,
    "drive": 0.0,
    "key_track": 0.0,
    "filter_env": 0.0,
    "filter_velocity": 0.0,
    "amp_attack": 0.001,
    "amp_sustain": 1.0,
    "amp_velocity": 0.0,
    "width": 0.0,
    "reverb_mix": 0.0,
    "volume": -20.0,
}
"""One bare oscillator: filter open, nothing moving, no effects."""

Samples = npt.NDArray[np.float32]
Curve = npt.NDArray[np.float64]


def patch(**settings: Setting) -> Samples:
    """Positions of the default patch with some settings."""
    return positions_of(settings)


def raw(**settings: Setting) -> Samples:
    """Positions of the bare oscillator with some settings."""
    return positions_of({**RAW, **settings})


def on(time: int, note: int, velocity: float = 0.8) -> Events:
    return event(Kind.NOTE_ON, note, velocity, time=time)


def off(time: int, note: int) -> Events:
    return event(Kind.NOTE_OFF, note, 0.0, time=time)


def synth_with(values: npt.ArrayLike, polyphony: int = 16, rate: float = RATE) -> BuiltinSynth:
    synth = BuiltinSynth(polyphony)
    synth.prepare(rate, 8192)
    synth.set_parameters(values)
    return synth


def play(synth: BuiltinSynth, events: Iterable[Events], blocks: Sequence[int]) -> Samples:
    """Run a synthesizer over blocks of the given sizes; event times count from the first sample."""
    timeline = np.concatenate([np.zeros(0, EVENT_DTYPE), *events])
    timeline = timeline[np.argsort(timeline["time"], kind="stable")]
    pieces, start = [], 0
    for frames in blocks:
        inside = timeline[(timeline["time"] >= start) & (timeline["time"] < start + frames)].copy()
        inside["time"] -= start
        pieces.append(run_stage(synth, frames, inside))
        start += frames
    return np.concatenate(pieces, axis=1)


def spectrum_db(
    samples: Samples | Curve, rate: float = RATE
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Frequencies and levels in dB under the strongest bin (Blackman-Harris-like side lobes below -90 dB)."""
    frames = len(samples)
    turn = 2 * np.pi * np.arange(frames) / frames
    window = 0.35875 - 0.48829 * np.cos(turn) + 0.14128 * np.cos(2 * turn) - 0.01168 * np.cos(3 * turn)
    magnitude: Curve = np.abs(np.fft.rfft(samples * window)).astype(np.float64)
    level = 20 * np.log10(np.maximum(magnitude / magnitude.max(), 1e-9))
    return np.fft.rfftfreq(frames, 1 / rate).astype(np.float64), level.astype(np.float64)
