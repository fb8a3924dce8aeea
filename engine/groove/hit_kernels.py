"""The hot path of the hit detector: band levels each millisecond, a small network, and its peaks.

Nothing here allocates, locks or raises; memory is prepared by `tsumami.engine.groove.detector`.
Everything is counted in samples and frames from the stream's beginning, so blocks make no difference.
"""

from typing import Any, Final

import numpy as np

from tsumami.engine.groove.hit_state import (
    BANDS,
    DELAY_FRAMES,
    HISTORY,
    HITS_KEPT,
    LANES,
    OTHER,
    OUTPUTS,
    POOLS,
    SCORES_KEPT,
)
from tsumami.engine.jit import kernel, summing_kernel

_LANE_COUNT: Final = len(LANES)
_QUIETEST: Final = 1e-10
"""Mean square that counts as silence, -100 dB."""
_DENORMAL: Final = 1e-30
_REST_FRAMES: Final = 18
"""The least frames between two hits of a lane."""
_NAMING_FRAMES: Final = 3
"""How much later than the hit itself its lane may be heard."""
_BESIDE_FRAMES: Final = 8
"""Hits of any lane this near to an unnamed one are that one."""

LOUDEST_AT_LEAST_DB: Final = -65.0
LEVEL_SCALE_DB: Final = 20.0
LEVEL_FLOOR: Final = -4.0
LEVEL_CENTRE: Final = 2.0
_POOLS: Final = np.array(POOLS)


@kernel
def hear(state: Any, samples: Any) -> None:
    """Take a block of mono samples; new hits are written to ``state.hits``. [audio thread]"""
    done, frames = 0, len(samples)
    while done < frames:
        count = min(state.hop - state.filled, frames - done)
        filter_bands(state, samples[done : done + count])
        done += count
        state.filled += count
        if state.filled == state.hop:
            end_frame(state)
            score(state)
            pick(state, done - frames)
            state.frame += 1
            state.filled = 0


@kernel
def filter_bands(state: Any, samples: Any) -> None:
    """Add the energy of some samples to each band's. [audio thread]

    Two complex resonators one after the other: their magnitude is the band's envelope, without the ripple
    that the square of a real filter's output would have at twice its frequency. Higher bands have zeros at
    0 Hz before them, so that the drums below do not show.
    """
    for band in range(BANDS):
        real, imag, gain, tap1, tap2 = state.filters[band]
        re1, im1, re2, im2, x1, x2 = state.memory[band]
        energy = 0.0
        for sample in samples:
            x0 = float(sample)
            x = x0 + tap1 * x1 + tap2 * x2
            x2, x1 = x1, x0
            re1, im1 = real * re1 - imag * im1 + gain * x, real * im1 + imag * re1
            re2, im2 = real * re2 - imag * im2 + gain * re1, real * im2 + imag * re2 + gain * im1
            energy += re2 * re2 + im2 * im2
        memory = state.memory[band]
        memory[0], memory[1], memory[2], memory[3] = re1, im1, re2, im2
        memory[4], memory[5] = x1, x2
        state.energy[band] += energy


@kernel
def end_frame(state: Any) -> None:
    """Turn the energies of a whole frame into levels in dB, and let the loudest fall. [audio thread]"""
    total = 0.0
    levels = state.levels[state.frame % HISTORY]
    for band in range(BANDS):
        power = state.energy[band] / state.hop
        total += power
        levels[band] = 10.0 * np.log10(power + _QUIETEST)
        state.energy[band] = 0.0
        memory = state.memory[band]
        if abs(memory[0]) + abs(memory[1]) + abs(memory[2]) + abs(memory[3]) < _DENORMAL:
            memory[:] = 0.0
    loudness = 10.0 * np.log10(total + _QUIETEST)
    state.loudest_db = max(loudness, state.loudest_db - state.loudest_fall_db, LOUDEST_AT_LEAST_DB)


@kernel
def fill_inputs(levels: Any, frame: int, loudest_db: float, inputs: Any) -> None:
    """The network's inputs at ``frame``: levels under the loudest, newest first, older ones pooled."""
    past = 0
    for step in range(len(_POOLS)):
        for band in range(BANDS):
            total = 0.0
            for back in range(past, past + _POOLS[step]):
                total += levels[(frame - back) % len(levels), band]
            level = (total / _POOLS[step] - loudest_db) / LEVEL_SCALE_DB
            inputs[step * BANDS + band] = max(level, LEVEL_FLOOR) + LEVEL_CENTRE
        past += _POOLS[step]


@summing_kernel
def layer(weights: Any, bias: Any, inputs: Any, outputs: Any) -> None:
    """A rectified linear layer."""
    for row in range(len(bias)):
        total = bias[row]
        for column in range(len(inputs)):
            total += weights[row, column] * inputs[column]
        outputs[row] = max(total, np.float32(0.0))


@kernel
def score(state: Any) -> None:
    """Ask the network about the frame that has ended. [audio thread]"""
    fill_inputs(state.levels, state.frame, state.loudest_db, state.inputs)
    layer(state.weights1, state.bias1, state.inputs, state.hidden1)
    layer(state.weights2, state.bias2, state.hidden1, state.hidden2)
    scores = state.scores[state.frame % SCORES_KEPT]
    for output in range(OUTPUTS):
        total = float(state.bias3[output])
        for hidden in range(len(state.hidden2)):
            total += state.weights3[output, hidden] * state.hidden2[hidden]
        scores[output] = 1.0 / (1.0 + np.exp(-total)) if output < _LANE_COUNT else total


@kernel
def pick(state: Any, ahead: int) -> None:
    """Report the lanes whose score was highest one frame ago. [audio thread]

    ``ahead`` is minus the samples of the block that are still to come.
    """
    at = state.frame - 1
    if at < HISTORY // 4:
        return
    reported = (state.frame + 1) * state.hop - ahead
    before = state.scores[(at - 1) % SCORES_KEPT]
    peak, after = state.scores[at % SCORES_KEPT], state.scores[state.frame % SCORES_KEPT]
    for lane in range(_LANE_COUNT):
        is_peak = peak[lane] > before[lane] and peak[lane] >= after[lane]
        is_free = at - state.last[lane] >= _REST_FRAMES
        if is_peak and is_free and peak[lane] > state.thresholds[lane]:
            if lane == OTHER:
                state.unnamed = at
            else:
                report(state, lane, at, reported)
    if state.unnamed >= 0 and state.frame >= state.unnamed + _NAMING_FRAMES:
        if _is_alone(state):
            report(state, OTHER, state.unnamed, reported)
        state.unnamed = -1


@kernel
def _is_alone(state: Any) -> bool:
    """Whether no lane has had a hit where the unnamed one is."""
    nearest = state.last[0]
    for lane in range(1, OTHER):
        nearest = max(nearest, state.last[lane])
    return state.unnamed - nearest >= _BESIDE_FRAMES  # type: ignore[no-any-return]


@kernel
def report(state: Any, lane: int, at: int, reported: int) -> None:
    """Write a hit of ``lane`` that the network saw at frame ``at``. [audio thread]"""
    scores = state.scores[at % SCORES_KEPT]
    off = min(max(scores[_LANE_COUNT + lane], -DELAY_FRAMES), DELAY_FRAMES) - state.bias_frames[lane]
    strongest = _QUIETEST
    for back in range(state.frame - at + DELAY_FRAMES + 2):
        levels = state.levels[(state.frame - back) % HISTORY]
        power = 0.0
        for band in range(BANDS):
            power += state.lane_bands[lane, band] * 10.0 ** (0.1 * levels[band])
        strongest = max(strongest, power)
    hit = state.hits[state.hit_count % HITS_KEPT]
    hit.sample = max((at - DELAY_FRAMES + off) * state.hop, 0.0)
    hit.reported_sample = reported
    hit.lane = lane
    hit.strength_db = 10.0 * np.log10(strongest)
    hit.confidence = scores[lane]
    state.last[lane] = at
    state.hit_count += 1


@kernel
def level_frames(state: Any, samples: Any, levels: Any, loudest_db: Any) -> int:
    """Levels ``[frames, bands]`` and the loudest ``[frames]`` of a whole sound; returns the frames.

    For training: the same path as `hear`, without the network.
    """
    hop = state.hop
    for frame in range(len(levels)):
        filter_bands(state, samples[frame * hop : (frame + 1) * hop])
        end_frame(state)
        levels[frame, :] = state.levels[state.frame % HISTORY]
        loudest_db[frame] = state.loudest_db
        state.frame += 1
    return len(levels)


@kernel
def inputs_at(levels: Any, loudest_db: Any, frames: Any, inputs: Any) -> None:
    """The network's inputs ``[frames, inputs]`` at some frames of a whole sound, for training."""
    for index in range(len(frames)):
        frame = frames[index]
        fill_inputs(levels, frame, loudest_db[frame], inputs[index])
