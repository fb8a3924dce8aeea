"""How far a performance's sound diverges from a reference's, as the groove encoder hears both."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import soxr

from tsumami.bridge.groove.recording import Recording
from tsumami.engine.groove.divergence import HIT_SECONDS, at_hits, at_level

Audio = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]

STEP_SECONDS: Final = 0.05
_LEAST_NATS: Final = 1e-5
"""What is less is rounding."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """Kullback-Leibler divergence of a performance from its reference, where there is one to compare with."""

    at_hits: Values
    """Nats a sample over the first 30 ms of each hit; NaN where the reference has not begun or has ended."""
    level_db: Values
    """The mean of each `STEP_SECONDS`, in dB about 1 nat."""
    begins_seconds: float = 0.0
    """When the first of them begins."""

    def document(self) -> dict[str, Any]:
        """As JSON can say it; its median is that of the hits."""
        known = self.at_hits[np.isfinite(self.at_hits)]
        return {
            "median_nats": round(float(np.median(known)), 4) if len(known) else None,
            "begins_seconds": round(self.begins_seconds, 3),
            "step_seconds": STEP_SECONDS,
            "level_db": [round(float(level), 1) for level in self.level_db],
        }


def diverge(performed: Recording, reference: Recording, lag_seconds: float) -> Divergence:
    """Compare the sounds of two recordings; the reference begins ``lag_seconds`` into the performance."""
    # Here, so that a groove without a reference does without ONNX Runtime.
    from tsumami.engine.groove.encoder import DivergenceMeter

    meter = DivergenceMeter()
    meter.prepare()
    rate = meter.sample_rate
    own, other = (at_rate(recording, rate) for recording in (performed, reference))
    begin = round(lag_seconds * rate)
    aligned = placed(other, begin, len(own))
    curve = np.concatenate([meter.process(own, aligned), meter.finish()])
    times = performed.times
    is_covered = (times >= begin / rate) & (times < (begin + len(other)) / rate)
    return Divergence(np.where(is_covered, diverging(curve, times, rate), np.nan), level_db(curve, rate))


def diverging(curve: Audio, times: Values, rate: int) -> Values:
    """Nats of hits at ``times`` of a curve; NaN of those whose first 30 ms it has not in full."""
    has_all = (times >= 0.0) & (times + HIT_SECONDS <= len(curve) / rate)
    return np.where(has_all, at_hits(curve, times, rate), np.nan)


def level_db(curve: Audio, rate: int) -> Values:
    """The mean of each `STEP_SECONDS` of a curve in nats, in dB."""
    step = round(STEP_SECONDS * rate)
    means = curve[: len(curve) // step * step].reshape(-1, step).mean(axis=1)
    return np.asarray(10.0 * np.log10(np.maximum(means, _LEAST_NATS)), np.float64)


def at_rate(recording: Recording, rate: int) -> Audio:
    """A recording's sound as the encoder hears it."""
    resampled = soxr.resample(recording.audio, recording.sample_rate, rate)
    return at_level(np.asarray(resampled, np.float32))


def placed(audio: Audio, begin: int, frames: int) -> Audio:
    """A sound from sample ``begin`` on, which may be negative, amid silence: ``[frames]``."""
    placed = np.zeros(frames, np.float32)
    kept = audio[max(-begin, 0) :][: max(frames - max(begin, 0), 0)]
    placed[max(begin, 0) :][: len(kept)] = kept
    return placed
