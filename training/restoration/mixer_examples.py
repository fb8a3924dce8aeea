"""Examples of gaps: what their parts were judged by, and what each was worth.

A clip loses packets and is repaired by autoregressions and search alone. At every window of every gap it is
noted down which features a mixer would have been given, and all products P, by band, of the parts' spectra
and the truth's. With these the error of any weights w is known: wᵀ P w, with -1 as the truth's weight.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from tsumami.engine.restoration.bands import BANDS, Bands, Spectra
from tsumami.engine.restoration.concealer import Concealer
from tsumami.engine.restoration.mix_features import FEATURES, Features
from tsumami.engine.restoration.mix_parts import PARTS
from tsumami.training.restoration.mixer_clips import RATE, Sound, Sources, clip_of

Array = npt.NDArray[np.float32]
Samples = npt.NDArray[np.float64]

FORMATS: Final = (
    (44_100, 512), (16_000, 128), (44_100, 512), (16_000, 256),
    (48_000, 480), (16_000, 512), (44_100, 512), (16_000, 1024),
)  # fmt: skip
"""Sample rates and packets, in turn; the turn is shifted each time, so that music and tunes have them all."""
_GAP_EVERY_SECONDS: Final = 0.2
"""On average; a third of them go on for another packet where packets are short."""
_LONGER: Final = 1 / 3
_LONG_PACKET_SECONDS: Final = 0.02
_WARM_SECONDS: Final = 6.0
"""In which little is remembered yet, and fewer gaps are made."""
_FIRST_SECONDS: Final = 0.5
_QUIETEST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Examples:
    """Of one clip, window by window; ``products`` are shares of the truth's energy in all of its gaps."""

    features: Array
    """``[windows, FEATURES, BANDS]``"""
    plain: Array
    """``[windows, PARTS]``: weights without a mixer."""
    products: Array
    """``[windows, PARTS + 1, PARTS + 1, BANDS]``, the truth last."""
    gaps: npt.NDArray[np.int64]
    """``[windows]``: the gap that each belongs to."""

    def save(self, path: Path) -> None:
        """Written beside and renamed."""
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            np.savez(file, features=self.features, plain=self.plain, products=self.products, gaps=self.gaps)
        unfinished.replace(path)

    @staticmethod
    def load(path: Path) -> "Examples":
        """As they were saved."""
        with np.load(path) as stored:
            return Examples(**stored)


class _Recorder:
    """A mixer that leaves the plain weights, and takes notes."""

    def __init__(self, bands: Bands) -> None:
        self._bands = bands
        self._truth: Spectra = np.zeros((0, 0), np.complex128)
        self._gap = self._window = 0
        self.features: list[Features] = []
        self.plain: list[Samples] = []
        self.products: list[Samples] = []
        self.gaps: list[int] = []

    def begin(self, truth: Samples, frames: int) -> None:
        """A gap of so many ``frames`` begins; ``truth`` is all that would have come from there on."""
        hop = self._bands.hop
        size = -(-frames // hop) * hop + hop  # a window reaches beyond the gap, and so do the parts
        heard = truth[:size]
        self._truth = self._bands.spectra(np.concatenate([np.zeros(hop), heard, np.zeros(size - len(heard))]))
        self._gap, self._window = self._gap + 1, 0

    def weigh(self, features: Features, spectra: Spectra, plain: Samples) -> Samples:
        """See `tsumami.engine.restoration.mix.Mixer`."""
        if self._window < len(self._truth):
            both = np.concatenate([spectra, self._truth[None, self._window]])
            self.features.append(features)
            self.plain.append(plain)
            self.products.append(self._bands.products(both))
            self.gaps.append(self._gap - 1)
        self._window += 1
        return np.repeat(plain[:, None], BANDS, axis=1)


def examples_of(sources: Sources, number: int, seed: int) -> Examples | None:
    """Those of the clip of this number; None of one that is silent or has none."""
    rate, packet = FORMATS[(number + number // len(FORMATS)) % len(FORMATS)]
    clip = clip_of(sources, number, seed)
    sound = np.asarray(soxr.resample(clip, RATE, rate), np.float32) if len(clip) else clip
    rng = np.random.default_rng([seed, number, packet])
    recorder = _recorded(sound, _lost(len(sound) // packet, rate, packet, rng), rate, packet)
    products = np.array(recorder.products, np.float64).reshape(-1, PARTS + 1, PARTS + 1, BANDS)
    energy = float(products[:, PARTS, PARTS].sum())
    if energy < _QUIETEST:
        return None
    return Examples(
        np.array(recorder.features, np.float32).reshape(-1, FEATURES, BANDS),
        np.array(recorder.plain, np.float32),
        np.asarray(products / energy, np.float32),
        np.array(recorder.gaps),
    )


def _recorded(sound: Sound, lost: npt.NDArray[np.bool_], rate: int, packet: int) -> _Recorder:
    recorder = _Recorder(Bands(rate))
    concealer = Concealer(1, rate, packet, mixer=recorder)
    blocks = sound[: len(lost) * packet].reshape(len(lost), packet, 1)
    truth = sound.astype(np.float64)
    for number, block in enumerate(blocks):
        if lost[number] and not lost[number - 1]:
            kept = np.flatnonzero(~lost[number:])
            end = number + int(kept[0]) if len(kept) else len(lost)
            recorder.begin(truth[number * packet :], (end - number) * packet)
        concealer.process(block, bool(lost[number]))
    return recorder


def _lost(packets: int, rate: int, packet: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Packets that are lost: one by one, or short ones in bursts."""
    longer = _LONGER if packet < _LONG_PACKET_SECONDS * rate else 0.0
    begins = packet / (_GAP_EVERY_SECONDS * rate)
    lost = np.zeros(packets, bool)
    for number in range(round(_FIRST_SECONDS * rate / packet), packets):
        is_warm = number * packet >= _WARM_SECONDS * rate
        chance = longer if lost[number - 1] else begins * (1.0 if is_warm else 0.4)
        lost[number] = rng.random() < chance
    return lost
