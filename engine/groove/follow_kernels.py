"""Beats that follow the hits: a Kalman filter of beat time and period, hit by hit, and its smoother."""

from typing import Any

import numpy as np

from tsumami.engine.groove.feel import STRAY
from tsumami.engine.jit import kernel


@kernel
def follow(
    times: Any,
    lanes: Any,
    positions: Any,
    shares: Any,
    first_beat: float,
    period: float,
    settings: Any,
    beats: Any,
) -> int:
    """Follow the hits at ``times`` (seconds, ordered) from ``first_beat`` on; returns how many beats.

    ``settings`` are the players' spread, the standard deviation of the first beat and of the period, and that
    of a beat's and of the period's change from beat to beat, all in seconds. ``beats`` ``[most, 8]`` is
    filled with each beat's time, period, covariance (3 numbers) and predicted covariance (3 numbers).
    """
    noise, drift, walk = settings[0] ** 2, settings[3] ** 2, settings[4] ** 2
    beat, least = first_beat, 0.5 * period
    p00, p01, p11 = settings[1] ** 2, 0.0, settings[2] ** 2
    last_cell = 1.0 - 0.5 * (1.0 - positions[-1])
    count = 0
    beats[0, 5], beats[0, 6], beats[0, 7] = p00, p01, p11
    for index in range(len(times)):
        while times[index] >= beat + last_cell * period:
            row = beats[count]
            row[0], row[1], row[2], row[3], row[4] = beat, period, p00, p01, p11
            count += 1
            if count == len(beats):
                return count
            beat += period
            p00, p01, p11 = p00 + 2.0 * p01 + p11 + drift, p01 + p11, p11 + walk
            beats[count, 5], beats[count, 6], beats[count, 7] = p00, p01, p11
        place, trust = _nearest(times[index], lanes[index], positions, shares, beat, period, settings[0])
        if trust < 0.05:
            continue
        residual = times[index] - beat - place * period
        h0, h1 = p00 + place * p01, p01 + place * p11
        total = h0 + place * h1 + noise / trust
        gain0, gain1 = h0 / total, h1 / total
        beat += gain0 * residual
        period = max(period + gain1 * residual, least)
        p00, p01, p11 = p00 - gain0 * h0, p01 - gain0 * h1, p11 - gain1 * h1
    row = beats[count]
    row[0], row[1], row[2], row[3], row[4] = beat, period, p00, p01, p11
    return count + 1


@kernel
def _nearest(
    time: float, lane: int, positions: Any, shares: Any, beat: float, period: float, spread: float
) -> Any:
    """The likeliest position of a hit in its beat, and how likely it is meant for it."""
    best, place, total = 0.0, 0.0, STRAY
    for k in range(len(positions)):
        off = (time - beat - positions[k] * period) / spread
        likely = (1.0 - STRAY) * shares[lane, k] * np.exp(-0.5 * off * off) * period / (spread * 2.5066)
        total += likely
        if likely > best:
            best, place = likely, positions[k]
    return place, best / total


@kernel
def smooth(beats: Any, count: int) -> None:
    """Let every beat know of those after it (Rauch, Tung and Striebel), in place."""
    for n in range(count - 2, -1, -1):
        row, after = beats[n], beats[n + 1]
        c00, c01 = row[2] + row[3], row[3]
        c10, c11 = row[3] + row[4], row[4]
        q00, q01, q11 = after[5], after[6], after[7]
        det = q00 * q11 - q01 * q01
        if det <= 0.0:
            off = after[0] - (row[0] + row[1])
            row[0] += off * (c00 / q00 if q00 > 0.0 else 0.0)
            continue
        g00 = (c00 * q11 - c01 * q01) / det
        g01 = (c01 * q00 - c00 * q01) / det
        g10 = (c10 * q11 - c11 * q01) / det
        g11 = (c11 * q00 - c10 * q01) / det
        off0, off1 = after[0] - (row[0] + row[1]), after[1] - row[1]
        row[0] += g00 * off0 + g01 * off1
        row[1] += g10 * off0 + g11 * off1
