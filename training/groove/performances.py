"""Drum performances from MIDI files: as played, as programmed, and as sound whose every hit is known.

Truth: a hit is heard at ``time_seconds``, rounded to the frame, because the kit's samples are placed by their
measured onsets (`tsumami.training.groove.drum_kit`). Deviations made on purpose (`moved`) move the hit and
its truth together; the grid position stays.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import mido
import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import SessionError, SoundError
from tsumami.training.groove.drum_kit import DrumKit, drum_map

Audio = npt.NDArray[np.float32]

HIT_DTYPE: Final = np.dtype(
    [
        ("time_seconds", np.float64),
        ("note", np.int64),
        ("velocity", np.int64),
        ("beat", np.float64),  # where on the grid it was meant, in quarter notes from the beginning
        ("lane", "U8"),
    ]
)
Hits = np.ndarray[tuple[int], np.dtype[np.void]]

PROGRAMMED_VELOCITY: Final = 100
_LEAD_SECONDS: Final = 0.25
_TAIL_SECONDS: Final = 0.5
_CHOKE_SECONDS: Final = 0.012
_HEADROOM: Final = 0.5


@dataclass(frozen=True, slots=True)
class Performance:
    """Hits in order of time, `HIT_DTYPE`, and the tempo to which they were played."""

    name: str
    bpm: float
    hits: Hits

    def at_bpm(self, bpm: float) -> "Performance":
        """The same faster or slower, as a player would: MIDI scales, sound is not stretched."""
        hits = self.hits.copy()
        hits["time_seconds"] *= self.bpm / bpm
        return replace(self, bpm=bpm, hits=hits)

    def programmed(self, velocity: int = PROGRAMMED_VELOCITY) -> "Performance":
        """The programmed twin: every hit on its grid position, all equally loud."""
        hits = self.hits.copy()
        hits["time_seconds"] = hits["beat"] * (60.0 / self.bpm)
        hits["velocity"] = velocity
        return replace(self, hits=np.sort(hits, order="time_seconds"))

    def moved(self, offset_ms: float = 0.0, jitter_ms: float = 0.0, seed: int = 0) -> "Performance":
        """Every hit later by ``offset_ms`` and by a normal deviate of ``jitter_ms``; truth goes with it."""
        hits = self.hits.copy()
        deviates = np.random.default_rng(seed).normal(0.0, 1.0, len(hits))
        hits["time_seconds"] += (offset_ms + jitter_ms * deviates) / 1000.0
        return replace(self, hits=np.sort(hits, order="time_seconds"))

    def between(self, first_seconds: float, last_seconds: float) -> "Performance":
        """The hits of a stretch of time; times and beats stay."""
        times = self.hits["time_seconds"]
        return replace(self, hits=self.hits[(times >= first_seconds) & (times < last_seconds)])


@dataclass(frozen=True, slots=True)
class Rendered:
    """Mono sound float32 ``[frames]`` and the hits in it, their times those of the sound."""

    audio: Audio
    sample_rate: int
    bpm: float
    first_beat_seconds: float
    """Where beat 0 falls in the sound."""
    hits: Hits


def read_performance(path: Path, subdivisions: int = 4) -> Performance:
    """The drum hits of a MIDI file, as far as the kit has them.

    The grid has ``subdivisions`` positions a beat; a hit belongs to the nearest. Raises `SessionError`.
    """
    try:
        midi = mido.MidiFile(path)
    except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
        raise SessionError(f"data must have readable MIDI files, got {path} ({error})") from error
    tempo, ticks = mido.bpm2tempo(120), 0
    notes = []
    for message in mido.merge_tracks(midi.tracks):
        ticks += message.time
        if message.type == "set_tempo":
            tempo = message.tempo
        elif message.type == "note_on" and message.velocity and message.note in drum_map():
            notes.append((ticks / midi.ticks_per_beat, message.note, message.velocity))
    bpm = mido.tempo2bpm(tempo)
    hits = [
        (beat * 60.0 / bpm, note, velocity, round(beat * subdivisions) / subdivisions, drum_map()[note].lane)
        for beat, note, velocity in notes
    ]
    return Performance(path.stem, float(bpm), np.array(hits, HIT_DTYPE))


def list_performances(data: Path, split: str, at_least_seconds: float = 20.0) -> list[Path]:
    """The beats (no fills) of a split of the Groove MIDI data set in ``data``, in the order of its table.

    Raises `SoundError` where there is none.
    """
    table = data / "groove_midi" / "info.csv"
    if not table.is_file():
        raise SoundError(f"data must be a folder with groove_midi and drum_kit, got {data}; --data FOLDER")
    with table.open(newline="") as file:
        return [
            table.parent / row["midi_filename"]
            for row in csv.DictReader(file)
            if row["split"] == split
            and row["beat_type"] == "beat"
            and float(row["duration"]) >= at_least_seconds
        ]


def render(performance: Performance, kit: DrumKit, seed: int = 0) -> Rendered:
    """Play a performance with a kit; a quarter of a second goes before its first hit or beat 0."""
    rate, rng = kit.sample_rate, np.random.default_rng(seed)
    kit.forget_turns()
    hits = performance.hits.copy()
    begin = _LEAD_SECONDS - min(float(hits["time_seconds"].min(initial=0.0)), 0.0)
    frames_at = np.rint((hits["time_seconds"] + begin) * rate).astype(np.int64)
    hits["time_seconds"] = frames_at / rate
    audio = np.zeros(int(frames_at.max(initial=0)) + round(_TAIL_SECONDS * rate), np.float32)
    ends = _choked_at(hits["note"].tolist(), frames_at, len(audio))
    for hit, frame, end in zip(hits, frames_at.tolist(), ends, strict=True):
        drum = drum_map()[int(hit["note"])]
        sample, gain = kit.sample(drum.articulation, int(hit["velocity"]), rng)
        _add(audio, sample.audio, frame - sample.onset, end, gain * _HEADROOM, round(_CHOKE_SECONDS * rate))
    return Rendered(audio, rate, performance.bpm, begin, hits)


def _choked_at(notes: Sequence[int], frames_at: npt.NDArray[np.int64], last: int) -> list[int]:
    """The frame at which each hit is ended: that of the next hit of the hi-hat, for its hits."""
    ends = [last] * len(notes)
    following = last
    for index in reversed(range(len(notes))):
        if drum_map()[notes[index]].is_hi_hat:
            ends[index], following = following, int(frames_at[index])
    return ends


def _add(audio: Audio, sample: Audio, begin: int, end: int, gain: float, fade: int) -> None:
    """Mix a sample in from frame ``begin``, faded out after frame ``end``."""
    stop = min(begin + len(sample), end + fade, len(audio))
    skip = max(-begin, 0)
    part = sample[skip : max(stop - begin, skip)] * np.float32(gain)
    tail = stop - end
    if 0 < tail <= len(part):
        part[-tail:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)[:tail]
    audio[begin + skip : begin + skip + len(part)] += part
