"""Bass notes from recordings of some of them: the nearest one, played faster or slower."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import SoundError
from tsumami.training.groove.sound_file import read_mono

Audio = npt.NDArray[np.float32]

LOUDNESS: Final = ("pp", "p", "f", "ff", "staccato")
"""How a note is played, from soft to sharp."""

_FILE: Final = re.compile(r"(sustain|staccato)_([a-g]b?)(\d)_(\w+)_rr1")
_CLASSES: Final = {"c": 0, "db": 1, "eb": 3, "e": 4, "gb": 6, "a": 9}
_FADE_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Bass:
    """Recordings ``[frames]`` by loudness and MIDI note."""

    sample_rate: int
    recordings: dict[str, dict[int, Audio]]

    def note(self, note: int, loudness: str, frames: int) -> Audio:
        """A note that is let go so early that it has ended after ``frames``."""
        of_loudness = self.recordings[loudness]
        nearest = min(of_loudness, key=lambda known: (abs(known - note), known))
        speed = 2.0 ** ((note - nearest) / 12)
        recording = of_loudness[nearest]
        # Half a sample from a cubic's truth is far below the recordings' noise at these few semitones.
        places = np.arange(min(frames, int((len(recording) - 2) / speed))) * speed
        sound = np.interp(places, np.arange(len(recording)), recording).astype(np.float32)
        fade = min(round(_FADE_SECONDS * self.sample_rate), len(sound))
        sound[len(sound) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
        return np.asarray(sound, np.float32)


def read_bass(folder: Path, sample_rate: int) -> Bass:
    """The notes ``sustain_<note>_<loudness>_rr1.flac`` and ``staccato_…`` of ``folder``; `SoundError`."""
    recordings: dict[str, dict[int, Audio]] = {loudness: {} for loudness in LOUDNESS}
    for path in sorted(folder.glob("*_rr1.flac")):
        found = _FILE.fullmatch(path.stem)
        if found is not None and found[2] in _CLASSES and found[4] in recordings:
            note = 12 * (int(found[3]) + 1) + _CLASSES[found[2]]
            recordings[found[4]][note] = read_mono(path, sample_rate)
    missing = [loudness for loudness in LOUDNESS if not recordings[loudness]]
    if missing:
        raise SoundError(f"data must have bass_notes of every loudness, got none {missing[0]} in {folder}")
    return Bass(sample_rate, recordings)
