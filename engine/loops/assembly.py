"""From the sounds of a loop's steps to the loop: whole bars at a tempo, without a seam.

A loop is made of the sound that begins at each sixteenth of its bars. Where they stand is the tempo's; each
rings on as long as it does, and what rings over the end is heard at the beginning. So every loop goes round,
and the same sounds fit any tempo without being stretched.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError

Audio = npt.NDArray[np.float32]

STEPS: Final = 16
"""Of a bar of four quarter notes."""
BEATS: Final = 4
SLOWEST_BPM: Final = 40.0
FASTEST_BPM: Final = 240.0
MOST_BARS: Final = 8


def check_tempo(bpm: float) -> None:
    """Raise `ParameterError` for a tempo at which no loop is played."""
    if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
        raise ParameterError(f"bpm must be {SLOWEST_BPM:g}-{FASTEST_BPM:g}, got {bpm:g}")


def check_bars(bars: int) -> None:
    """Raise `ParameterError` for a loop of no bars, or of more than can be made at once."""
    if not 1 <= bars <= MOST_BARS:
        raise ParameterError(f"bars must be 1-{MOST_BARS}, got {bars}")


def loop_frames(bpm: float, bars: int, sample_rate: float) -> int:
    """Length of so many bars at a tempo, to the nearest sample."""
    return round(bars * BEATS * 60.0 / bpm * sample_rate)


def assemble(sounds: Audio, source_rate: int, bpm: float, sample_rate: float) -> Audio:
    """The loop of sounds ``[steps, frames]`` at ``source_rate`` Hz, float32 ``[loop_frames(…)]``.

    ``steps`` are `STEPS` for each bar. `ParameterError` for a tempo or a number of bars that is not played.
    """
    steps, length = sounds.shape
    bars = steps // STEPS
    check_tempo(bpm)
    check_bars(bars)
    ring = np.zeros(loop_frames(bpm, bars, source_rate), np.float64)
    begins = np.rint(np.arange(steps) * len(ring) / steps).astype(int)
    for begin, sound in zip(begins, sounds, strict=True):
        whole = min(length, len(ring) - begin)
        ring[begin : begin + whole] += sound[:whole]
        ring[: length - whole] += sound[whole:]
    return resampled_round(ring, loop_frames(bpm, bars, sample_rate))


def resampled_round(ring: npt.NDArray[np.float64], frames: int) -> Audio:
    """One turn of a periodic sound in another number of samples; its end still flows into its beginning."""
    if frames == len(ring):
        return ring.astype(np.float32)
    spectrum = np.fft.rfft(ring)[: frames // 2 + 1]
    return np.asarray(np.fft.irfft(spectrum, frames) * (frames / len(ring)), np.float32)
