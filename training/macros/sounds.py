"""What is known of many sounds of one instrument: how they are heard, and what they were made with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsumami.plugins.match.mel import mel_power
from tsumami.training.macros.descriptors import LENGTH_SECONDS, SAMPLE_RATE, describe

Values = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sounds:
    """``n`` sounds.

    ``mel`` float32 ``[n, 64, 80]``, linear mel power (`tsumami.plugins.match.mel`); ``values`` float32
    ``[n, parameters]`` 0-1; ``descriptors`` float32 ``[n, 9]`` (`tsumami.training.macros.descriptors`);
    ``names`` and ``tags`` of the presets.
    """

    mel: Values
    values: Values
    descriptors: Values
    names: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, chosen: Sequence[int] | npt.NDArray[np.intp]) -> "Sounds":
        """Some of them, in the order of ``chosen``."""
        picked = [int(row) for row in chosen]
        return Sounds(
            self.mel[picked],
            self.values[picked],
            self.descriptors[picked],
            tuple(self.names[row] for row in picked),
            tuple(self.tags[row] for row in picked),
        )


def join(parts: Iterable[Sounds]) -> Sounds:
    """All sounds of ``parts``, in order."""
    kept = list(parts)
    return Sounds(
        np.concatenate([part.mel for part in kept]),
        np.concatenate([part.values for part in kept]),
        np.concatenate([part.descriptors for part in kept]),
        tuple(name for part in kept for name in part.names),
        tuple(tags for part in kept for tags in part.tags),
    )


def hear(audio: npt.NDArray[np.float32]) -> tuple[Values, Values]:
    """Mel power ``[n, 64, 80]`` and descriptors ``[n, 9]`` of mono sounds ``[n, frames]`` at 22,050 Hz.

    Sounds shorter than the descriptors' note are continued with silence.
    """
    missing = round(LENGTH_SECONDS * SAMPLE_RATE) - audio.shape[1]
    audio = np.pad(audio, ((0, 0), (0, max(missing, 0))))
    mels = np.stack([mel_power(sound) for sound in audio])
    return mels, np.stack([describe(np.stack([sound, sound])) for sound in audio])
