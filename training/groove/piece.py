"""The performance that the groove paper's models learn from."""

from pathlib import Path
from typing import Final

from tsumami.engine.errors import ParameterError
from tsumami.training.groove.beats import SAMPLE_RATE, Section, section_of
from tsumami.training.groove.drum_kit import read_drum_kit
from tsumami.training.groove.performances import list_performances, read_performance

PIECE: Final = "drummer8/session1/9_funk"
"""Funk at the paper's 96 bpm, a quarter of whose hits are soft."""


def read_section(data: Path, piece: str = PIECE) -> Section:
    """The first 40 beats of the performance of the train split in whose path ``piece`` is.

    Raises `ParameterError` unless there is exactly one, `SoundError` and `SessionError` for data that cannot
    be used.
    """
    found = [path for path in list_performances(data, "train") if piece in path.as_posix()]
    if len(found) != 1:
        raise ParameterError(
            f"piece must be in the path of one performance of the train split, got {piece} in {len(found)}"
        )
    return section_of(read_performance(found[0]), read_drum_kit(data / "drum_kit", SAMPLE_RATE))
