"""Concealment of lost packets on music, beside what else there is.

Three protocols: packets of 512 at 44.1 kHz lost in bursts, as over the internet; packets of 128 at 48 kHz
lost one by one; single gaps of 8 to 64 ms at 16 kHz. Then long bursts, and the command. The packet NMSE is
20 log10 ‖t - p‖ / ‖t‖ over the lost samples of a clip, t being the truth and p what was played; the mean of
all clips is told. SDR is that of the whole clip.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench import restoration_bursts
from tsumami.bridge.bench.concealers import PEERS, Conceals
from tsumami.bridge.bench.concealing import Audio, Lost, conceal, relative_db
from tsumami.bridge.bench.report import Report, Row
from tsumami.bridge.bench.restoration_bursts import burst_rows
from tsumami.bridge.bench.restoration_command import command_rows
from tsumami.bridge.bench.sounds import sounds_in
from tsumami.engine.errors import SoundError
from tsumami.engine.restoration import Concealer, LookaheadConcealer
from tsumami.engine.restoration.mix import Mixer
from tsumami.engine.restoration.mix_model import chosen_mixer

_CLIPS: Final = 8
_SECONDS: Final = 10
_STARTS: Final = (20, 60, 100)
"""Seconds at which clips begin, as far as a file is that long."""
_BASELINE: Final = "Burg 512/4096"
_ALONE: Final = "autoregressions alone"
"""Our own, without what was played before, and without a model."""
_PLAIN: Final = "no model"
_KEPT: Final = 20
"""Packets at the beginning that are never lost."""
_GAPS_MS: Final = (8, 16, 32, 64)
_GAP_EVERY_SECONDS: Final = 0.25
_GAP_RATE: Final = 16_000
_LOOKAHEAD_MS: Final = 8.0


@dataclass(frozen=True, slots=True)
class Protocol:
    """What is lost of a clip, in packets of ``packet`` frames."""

    name: str
    sample_rate: int
    packet: int
    lost: Callable[[int, int], Lost]
    """Of so many packets, with a seed."""


def bursts(packets: int, seed: int, loss: float = 0.1, mean: float = 1.5, most: int = 6) -> Lost:
    """Gilbert's channel: a share ``loss`` in bursts of ``mean`` packets on average, ``most`` at most."""
    rng = np.random.default_rng(seed)
    ends = 1.0 / mean
    begins = loss * ends / (1.0 - loss)
    lost = np.zeros(packets, bool)
    run = 0
    for packet in range(_KEPT, packets):
        run = run + 1 if rng.random() < (begins if run == 0 else 1.0 - ends) and run < most else 0
        lost[packet] = run > 0
    return lost


def singly(packets: int, seed: int, loss: float = 0.05) -> Lost:
    """Each packet is lost by itself."""
    lost = np.random.default_rng(seed).random(packets) < loss
    lost[: 2 * _KEPT] = False
    return lost


def every_quarter(packet: int, sample_rate: int) -> Callable[[int, int], Lost]:
    """One packet each quarter of a second."""
    step = round(_GAP_EVERY_SECONDS * sample_rate / packet)

    def lost(packets: int, seed: int) -> Lost:  # noqa: ARG001
        return np.asarray(np.arange(packets) % step == step - 1)

    return lost


def protocols() -> list[Protocol]:
    """All of them."""
    gaps = [(ms, ms * _GAP_RATE // 1000) for ms in _GAPS_MS]
    return [
        Protocol("44.1 kHz, 512, bursts 10 %", 44_100, 512, bursts),
        Protocol("48 kHz, 128, 5 %", 48_000, 128, singly),
        *(
            Protocol(f"16 kHz, gaps of {ms} ms", _GAP_RATE, size, every_quarter(size, _GAP_RATE))
            for ms, size in gaps
        ),
    ]


def run(data: Path | None = None, model: str | None = None) -> Report:
    """Conceal clips of the music in folder ``data`` by every method, and by ``model``; see `chosen_mixer`.

    Raises `SoundError` without music.
    """
    mixer = chosen_mixer(model)
    if data is None or not (files := sounds_in(data)):
        raise SoundError(f"data must be a folder of music, got {data}; --data FOLDER")
    rows: list[Row] = []
    notes = []
    for protocol in track(protocols(), "concealing", console=Console(stderr=True)):
        clips = read_clips(files, protocol.sample_rate)
        rows += _rows(protocol, clips, mixer)
        notes = [f"{len(clips)} clips of {_SECONDS} s: {', '.join(path.stem for path in files)}."]
    rows += burst_rows(read_clips(files, restoration_bursts.RATE), mixer)
    rows += command_rows(files, bursts)
    return Report("restoration", rows, notes)


def read_clips(files: Sequence[Path], sample_rate: int) -> list[Audio]:
    """Clips ``[frames, 1]`` of mono sound: one of each file first, then second ones, `_CLIPS` at most."""
    sounds = [_read(path, sample_rate) for path in files]
    length = _SECONDS * sample_rate
    clips = []
    for number, start in enumerate(_STARTS):
        for sound in sounds:
            first = start * sample_rate
            if number == 0:
                first = min(first, max(len(sound) - length, 0))
            if first + length <= len(sound) or number == 0:
                clips.append(sound[first : first + length, None])
    return clips[:_CLIPS]


def _read(path: Path, sample_rate: int) -> Audio:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(samples.mean(axis=1), rate, sample_rate), np.float32)


def _rows(protocol: Protocol, clips: Sequence[Audio], mixer: Mixer | None) -> Iterator[Row]:
    lost = [protocol.lost(len(clip) // protocol.packet, seed) for seed, clip in enumerate(clips)]

    def ours(packet: int) -> Conceals:
        return Concealer(1, protocol.sample_rate, packet, mixer=mixer)

    def plain(packet: int) -> Conceals:
        return Concealer(1, protocol.sample_rate, packet)

    def alone(packet: int) -> Conceals:
        return Concealer(1, protocol.sample_rate, packet, is_searching=False)

    def look(packet: int) -> Conceals:
        return LookaheadConcealer(1, protocol.sample_rate, packet, _LOOKAHEAD_MS, mixer=mixer)

    began = time.process_time()
    found = _score(protocol, clips, lost, ours)
    took = time.process_time() - began
    seconds = sum(len(clip) for clip in clips) / protocol.sample_rate
    makers = {**PEERS, _ALONE: alone, _PLAIN: plain}
    peers = {name: _score(protocol, clips, lost, make) for name, make in makers.items()}
    for name, (nmse, sdr) in peers.items():
        yield Row(f"{protocol.name}: packet NMSE", float(found[0].mean()), "dB", name, float(nmse.mean()))
        if name == _BASELINE:
            yield Row(f"{protocol.name}: SDR", float(found[1].mean()), "dB", name, float(sdr.mean()))
        if name in (_BASELINE, _ALONE, _PLAIN):
            worst = float((found[0] - nmse).max())
            yield Row(f"{protocol.name}: packet NMSE less {name}'s, worst clip", worst, "dB")
    yield Row(f"{protocol.name}: time for a second", took / seconds, "s")
    if protocol.sample_rate == _GAP_RATE:
        ahead, _ = _score(protocol, clips, lost, look, delay=1)
        what = f"{protocol.name}: packet NMSE, {_LOOKAHEAD_MS:g} ms ahead"
        yield Row(what, float(ahead.mean()), "dB", "none ahead", float(found[0].mean()))


def _score(
    protocol: Protocol,
    clips: Sequence[Audio],
    lost: Sequence[Lost],
    make: Callable[[int], Conceals],
    delay: int = 0,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Packet NMSE and SDR of every clip, in dB; ``delay`` is the method's, in packets."""
    scores = []
    for clip, gone in zip(clips, lost, strict=True):
        truth = clip[: len(gone) * protocol.packet, 0]
        error = conceal(clip, gone, make(protocol.packet), protocol.packet, delay) - truth
        missing = np.repeat(gone, protocol.packet)
        scores.append((relative_db(error[missing], truth[missing]), -relative_db(error, truth)))
    nmse, sdr = np.array(scores).T
    return nmse, sdr
