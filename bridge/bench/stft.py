"""A frame of the short-time Fourier transform, forward and back: the engine's kernels beside their peers.

The work is the same for all: 512 samples windowed, transformed, transformed back, windowed by the dual
and overlap-added, float32, one thread. The engine's kernels are called from compiled code, as the audio
thread calls them; numpy and torch go frame by frame from Python, as a streaming program must.
"""

import contextlib
import importlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import rocket_fft  # noqa: F401 (teaches numba numpy's transforms)

from tsumami.bridge.bench.report import Report, Row
from tsumami.bridge.bench.timing import interleaved
from tsumami.engine.jit import kernel
from tsumami.engine.stft.fft import Floats, Frame, fft_plan, fft_work
from tsumami.engine.stft.kernels import analyse, synthesise
from tsumami.engine.stft.window import dual_window, window_of

N_FFT, HOP, FRAMES = 512, 128, 32
_ENGINE, _TORCH = "engine", "torch"
_BATCH = f"numpy, {FRAMES} frames at once"
_ROUNDS = 2000

Call = Callable[[], Floats]


def run(rounds: int = _ROUNDS) -> Report:
    """Median microseconds per frame, forward and back, over ``rounds`` turns of 32 frames each."""
    samples = np.random.default_rng(0).uniform(-1, 1, N_FFT + HOP * FRAMES).astype(np.float32)
    notes = [
        "Time per frame of 512 samples, hop 128: forward, inverse and overlap-add, median of turns.",
        f"{_BATCH}: all needed in advance, so this cannot stream; it shows the transform without calls.",
    ]
    compared = cases(samples)
    if _TORCH not in compared:
        notes.append("torch is not installed (pip install tsumami[training]), so its row is missing.")
    times = interleaved(compared, rounds, title="stft")
    medians = {name: float(np.median(each)) / FRAMES for name, each in times.items()}
    own = medians.pop(_ENGINE)
    rows = [
        Row.lower_is_better("frame forward and back", own, "µs", name, value)
        for name, value in medians.items()
    ]
    return Report("stft", rows, notes)


def cases(samples: Floats) -> dict[str, Call]:
    """The engine and its peers, by name; each call returns the array to which it has added the frames."""
    window = window_of("hann", N_FFT)
    dual = dual_window(window, HOP)
    found = {
        _ENGINE: _engine(samples, window, dual),
        "rocket-fft in numba": _rocket(samples, window, dual),
        "numpy": _numpy(samples, window, dual),
        _BATCH: _numpy_batch(samples, window, dual),
    }
    with contextlib.suppress(ImportError):
        peers = importlib.import_module("tsumami.training.peers")
        found[_TORCH] = peers.stft_round_trip(samples, window, dual, HOP)
    return found


@kernel
def _many(
    samples: Floats, window: Floats, dual: Floats, sums: Floats, plan: Floats, work: Floats, frame: Frame
) -> None:
    scratch = sums[len(samples) :]
    for start in range(0, HOP * FRAMES, HOP):
        analyse(samples[start : start + N_FFT], window, frame, plan, work, scratch)
        synthesise(frame, dual, sums[start : start + N_FFT], plan, work, scratch)


def _engine(samples: Floats, window: Floats, dual: Floats) -> Call:
    sums = np.zeros(len(samples) + N_FFT, np.float32)
    plan, work, frame = fft_plan(N_FFT), fft_work(N_FFT), np.zeros(N_FFT // 2 + 1, np.complex64)

    def call() -> Floats:
        _many(samples, window, dual, sums, plan, work, frame)
        return sums[: len(samples)]

    return call


@kernel
def _many_rocket(samples: Floats, window: Floats, dual: Floats, sums: Floats) -> None:
    for start in range(0, HOP * FRAMES, HOP):
        frame = np.fft.rfft(samples[start : start + N_FFT] * window)
        sums[start : start + N_FFT] += np.fft.irfft(frame) * dual


def _rocket(samples: Floats, window: Floats, dual: Floats) -> Call:
    sums = np.zeros(len(samples), np.float32)

    def call() -> Floats:
        _many_rocket(samples, window, dual, sums)
        return sums

    return call


def _numpy(samples: Floats, window: Floats, dual: Floats) -> Call:
    sums = np.zeros(len(samples), np.float32)

    def call() -> Floats:
        for start in range(0, HOP * FRAMES, HOP):
            frame = np.fft.rfft(samples[start : start + N_FFT] * window)
            sums[start : start + N_FFT] += np.fft.irfft(frame) * dual
        return sums

    return call


def _numpy_batch(samples: Floats, window: Floats, dual: Floats) -> Call:
    sums = np.zeros(len(samples), np.float32)
    framed: npt.NDArray[np.float32] = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP][:FRAMES]

    def call() -> Floats:
        back = np.fft.irfft(np.fft.rfft(framed * window)) * dual
        for start, frame in zip(range(0, HOP * FRAMES, HOP), back, strict=True):
            sums[start : start + N_FFT] += frame
        return sums

    return call
