"""The divergence of a live performance from the sound of its reference, as it is heard."""

from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from tsumami.bridge.groove.divergence import Divergence, at_rate, diverging, level_db, placed
from tsumami.bridge.groove.recording import Recording
from tsumami.engine.groove.divergence import LEVEL
from tsumami.engine.groove.encoder import DivergenceMeter

Audio = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]

_MEAN_SAMPLES: Final = 49
"""At 44.1 kHz 900 means a second, which both a hit and a step of the curve are whole numbers of."""
_MOVED_SECONDS: Final = 0.005
"""A reference that is found to lie so far from where it was is placed anew."""
_BELIEVED_TIMES: Final = 3
"""The first hits may be anywhere in a reference that repeats itself."""
_MOVING_TIMES: Final = 12
"""What it takes to begin anew elsewhere."""


class LiveDivergence:
    """Begins when `place` is sure where the reference begins; then every `feed` goes on.

    The performance is brought to the encoder's level by all of it that was heard so far.
    """

    def __init__(self, reference: Recording, sample_rate: int) -> None:
        self._meter = DivergenceMeter()
        self._meter.prepare()
        self._rate, self._sample_rate = self._meter.sample_rate, sample_rate
        self._reference = at_rate(reference, self._rate)
        self._lag: float | None = None
        self._said: float | None = None
        self._times_said = 0
        self._next = 0
        """The sample of the time line that continues what was fed."""
        self._power, self._heard = 0.0, 0
        self._begin()

    def _begin(self) -> None:
        """Compare from the next sample on."""
        self._meter.reset()
        self._resampler = soxr.ResampleStream(self._sample_rate, self._rate, 1, dtype="float32")
        self._begins = self._next / self._sample_rate
        self._compared = 0
        self._rest = np.zeros(0, np.float32)
        self._means = np.zeros(0, np.float32)

    def place(self, lag_seconds: float) -> None:
        """Take where in the performance the reference seems to begin; believed when it is said again."""
        if self._said is None or abs(lag_seconds - self._said) > _MOVED_SECONDS:
            self._said, self._times_said = lag_seconds, 0
        self._times_said += 1
        if self._times_said < (_BELIEVED_TIMES if self._lag is None else _MOVING_TIMES):
            return
        if self._lag is None or abs(self._said - self._lag) > _MOVED_SECONDS:
            self._lag = self._said
            self._begin()

    def feed(self, first_sample: int, audio: npt.NDArray[np.float64]) -> None:
        """Take what was heard from a sample of the time line on; after a gap all begins anew."""
        if not len(audio):
            return
        is_gap = first_sample != self._next
        self._next = first_sample + len(audio)
        self._power += float(np.square(audio).sum())
        self._heard += len(audio)
        if self._lag is None:
            return
        if is_gap:
            self._begin()
            return
        gain = LEVEL / max(np.sqrt(self._power / self._heard), 1e-6)
        own = self._resampler.resample_chunk(np.clip(gain * audio, -1.0, 1.0).astype(np.float32))
        begin = round((self._lag - self._begins) * self._rate) - self._compared
        self._keep(self._meter.process(own, placed(self._reference, begin, len(own))))
        self._compared += len(own)

    def _keep(self, curve: Audio) -> None:
        """Go on with the curve's means, which are what a long session has room for."""
        curve = np.concatenate([self._rest, curve])
        whole = len(curve) // _MEAN_SAMPLES * _MEAN_SAMPLES
        means = curve[:whole].reshape(-1, _MEAN_SAMPLES).mean(axis=1)
        self._means, self._rest = np.concatenate([self._means, means]), curve[whole:]

    def divergence(self, times: Values) -> Divergence | None:
        """Of hits at ``times``, and the curve so far; None until there is one."""
        if self._lag is None or not len(self._means):
            return None
        rate = self._rate // _MEAN_SAMPLES
        nats = diverging(self._means, times - self._begins, rate)
        is_covered = (times >= self._lag) & (times < self._lag + len(self._reference) / self._rate)
        return Divergence(np.where(is_covered, nats, np.nan), level_db(self._means, rate), self._begins)
