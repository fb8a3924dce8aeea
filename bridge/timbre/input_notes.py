"""The notes of an audio input as they end, for who knows sounds by ear."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import soxr

from tsumami.engine.timbre.encoder import TimbreEncoder
from tsumami.engine.timbre.features import SAMPLE_RATE
from tsumami.engine.timbre.follower import EndedNote, NoteFollower


class InputNotes:
    """Follows samples at ``sample_rate`` Hz with an encoder that is prepared; one thread at a time."""

    def __init__(self, encoder: TimbreEncoder, sample_rate: int) -> None:
        self._follower = NoteFollower(encoder)
        self._resampler = soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, dtype="float32", quality="MQ")

    def follow(self, audio: npt.NDArray[np.floating]) -> Iterator[EndedNote]:
        """The notes that end with these samples ``[frames]``; at `SAMPLE_RATE` themselves."""
        if len(audio):
            yield from self._follower.follow(self._resampler.resample_chunk(np.asarray(audio, np.float32)))
