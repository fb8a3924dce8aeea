"""The way from a click to its being heard, measured: a cable from output to input, or a microphone."""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import DeviceError
from tsumami.engine.groove.click import click_sound
from tsumami.engine.groove.deviation import spread_of

Values = npt.NDArray[np.float64]

CLICKS: Final = 12
CLICK_SECONDS: Final = 0.5
_LONGEST_SECONDS: Final = 0.45
_LIKENESS: Final = 0.5
"""Of what is heard and the click, 1 being the same but for its level."""
_SHARE_HEARD: Final = 2 / 3
_SPREAD_SECONDS: Final = 0.001


class Calibration:
    """Accented clicks, the first played at sample ``first`` and one every `CLICK_SECONDS`.

    Feed it with what is heard until it `is_complete`.
    """

    def __init__(self, sample_rate: int, first: int) -> None:
        self._rate, self._first = sample_rate, first
        self._period = round(CLICK_SECONDS * sample_rate)
        self._heard = np.zeros(CLICKS * self._period)
        self._end = 0

    @property
    def is_complete(self) -> bool:
        """Whether all clicks have been heard, if they can be."""
        return self._end >= len(self._heard)

    def feed(self, first_sample: int, audio: Values) -> None:
        """Take what was heard from a sample of the time line on."""
        begin = first_sample - self._first
        self._end = max(self._end, begin + len(audio))
        kept = audio[max(-begin, 0) :][: max(len(self._heard) - max(begin, 0), 0)]
        self._heard[max(begin, 0) :][: len(kept)] = kept

    def round_trip(self) -> tuple[float, float]:
        """From click to hearing, and the spread of that, seconds; raises `DeviceError`."""
        sound = click_sound(self._rate)
        longest = round(_LONGEST_SECONDS * self._rate)
        parts = self._heard.reshape(CLICKS, self._period)[:, :longest]
        found = [_find(part, sound) for part in parts]
        lags = np.array([lag for lag, likeness in found if likeness >= _LIKENESS]) / self._rate
        if len(lags) < _SHARE_HEARD * CLICKS:
            raise DeviceError(
                f"input must hear the click, got it {len(lags)} times of {CLICKS}; connect an output to the "
                "input with a cable, or hold the microphone to the headphones"
            )
        spread = spread_of(lags)
        if spread > _SPREAD_SECONDS:
            raise DeviceError(
                f"clicks must come back equally late, got {1000.0 * spread:.1f} ms of spread; is something "
                "else playing, or the machine too busy?"
            )
        return float(np.median(lags)), spread


def _find(part: Values, sound: Values) -> tuple[float, float]:
    """Where a sound begins in a part, to a fraction of a sample, and how alike it is there."""
    products = np.correlate(part, sound, "valid")
    energies = np.convolve(np.square(part), np.ones(len(sound)), "valid")
    scores = np.abs(products)
    at = int(scores.argmax())
    likeness = float(scores[at] / np.sqrt(np.square(sound).sum() * energies[at] + 1e-12))
    if not 0 < at < len(scores) - 1:
        return float(at), likeness
    before, peak, after = scores[at - 1 : at + 2]
    return at + 0.5 * (before - after) / (before - 2.0 * peak + after), likeness
