"""A drum kit of samples: velocity layers, round robins, and where in each sample the hit is heard first.

A sample's onset is its first frame as loud as a tenth of the loudest in its first 40 ms; for a hi-hat closed
by foot, whose pedal is heard before the cymbals meet, a fifth. A hit is placed by its sample's onset, so the
time at which it was played is the time at which it is heard, exact to the frame.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import SoundError
from tsumami.training.groove.sound_file import read_mono

Audio = npt.NDArray[np.float32]

_HEARD_FROM: Final = {"hf": 0.2}
_ELSE_HEARD_FROM: Final = 0.1
_INSTEAD: Final = {
    "ride": ("ht", "hc"),
    "bell": ("ride", "hh", "ht"),
    "crash": ("ho", "ride"),
    "ht": ("hc",),
    "hf": ("hc",),
    "ho": ("hh", "crash"),
    "hh": ("ho", "hc"),
    "se": ("sc",),
    "ss": ("se", "sc"),
    "th": ("tm", "tl"),
    "tm": ("th", "tl"),
    "tl": ("tm", "th"),
}
"""What plays where a kit lacks a drum."""
_ATTACK_SECONDS: Final = 0.04
_LONGEST_SECONDS: Final = 4.0
_FADE_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Drum:
    """What a MIDI note of a drum plays."""

    articulation: str
    lane: str
    is_hi_hat: bool
    """Whether the next note of the hi-hat ends it."""


@cache
def drum_map() -> dict[int, Drum]:
    """The drums of the Groove MIDI data set (Roland's TD-11) by note; cymbals are in lane ``hat``."""
    with Path(__file__).with_name("drum_map.csv").open(newline="") as file:
        return {
            int(row["note"]): Drum(row["articulation"], row["lane"], row["is_hi_hat"] == "1")
            for row in csv.DictReader(file)
        }


@dataclass(frozen=True, slots=True)
class DrumSample:
    """One recorded hit, float32 ``[frames]``, heard from frame ``onset``."""

    audio: Audio
    onset: int


@dataclass(frozen=True, slots=True)
class DrumKit:
    """Samples by articulation, then by velocity layer from soft to loud, then by round robin."""

    sample_rate: int
    voices: Mapping[str, Sequence[Sequence[DrumSample]]]
    _turns: dict[tuple[str, int], int] = field(default_factory=dict)

    def sample(self, articulation: str, velocity: int, rng: np.random.Generator) -> tuple[DrumSample, float]:
        """A sample of the velocity's layer and its gain; never twice the same where there is another.

        The gain is the velocity over that of the layer's middle, so that loudness rises without steps.
        """
        layers = self.voices[articulation]
        layer = min(velocity * len(layers) // 128, len(layers) - 1)
        robins = layers[layer]
        last = self._turns.get((articulation, layer), -1)
        turn = int(rng.choice([robin for robin in range(len(robins)) if robin != last or len(robins) == 1]))
        self._turns[articulation, layer] = turn
        return robins[turn], velocity / ((layer + 0.5) * 128 / len(layers))

    def forget_turns(self) -> None:
        """Begin the round robins anew."""
        self._turns.clear()


def read_drum_kit(folder: Path, sample_rate: int) -> DrumKit:
    """The samples ``<articulation>_vl<layer>_rr<turn>.flac`` of ``folder`` at ``sample_rate``.

    Where it has no cymbals, rides play the tight hi-hat and crashes the open one. Raises `SoundError` where
    a drum of `drum_map` can be played by none.
    """
    found: dict[str, dict[int, list[DrumSample]]] = {}
    for path in sorted(folder.glob("*_vl*_rr*.flac")):
        articulation, layer, _ = path.stem.split("_")
        heard_from = _HEARD_FROM.get(articulation, _ELSE_HEARD_FROM)
        sample = drum_sample(read_mono(path, sample_rate), sample_rate, heard_from)
        found.setdefault(articulation, {}).setdefault(int(layer[2:]), []).append(sample)
    voices = {name: [layers[n] for n in sorted(layers)] for name, layers in found.items()}
    return whole_kit(sample_rate, voices, folder)


def whole_kit(
    sample_rate: int, voices: Mapping[str, Sequence[Sequence[DrumSample]]], folder: Path
) -> DrumKit:
    """A kit that has every drum of `drum_map`, its own or the next best; see `read_drum_kit`."""
    whole = {}
    for wanted in {drum.articulation for drum in drum_map().values()}:
        kept = next((name for name in _instead_of(wanted) if name in voices), None)
        if kept is None:
            raise SoundError(f"data must have a drum kit with every drum, got none for {wanted} in {folder}")
        whole[wanted] = voices[kept]
    return DrumKit(sample_rate, whole)


def _instead_of(wanted: str) -> Iterator[str]:
    """A drum, what may play instead of it, and what instead of that."""
    yield wanted
    for other in _INSTEAD.get(wanted, ()):
        yield other
        yield from _INSTEAD.get(other, ())


def drum_sample(audio: Audio, sample_rate: int, heard_from: float = _ELSE_HEARD_FROM) -> DrumSample:
    """A mono sound ``[frames]`` as a drum's sample, cut to 4 s, its onset measured."""
    longest, fade = round(_LONGEST_SECONDS * sample_rate), round(_FADE_SECONDS * sample_rate)
    audio = np.array(audio[:longest], np.float32)
    audio[-fade:] *= np.linspace(1.0, 0.0, min(fade, len(audio)), dtype=np.float32)
    attack = np.abs(audio[: round(_ATTACK_SECONDS * sample_rate)])
    return DrumSample(audio, int(np.argmax(attack >= heard_from * attack.max())))
