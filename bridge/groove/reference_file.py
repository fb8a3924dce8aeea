"""What a performance is compared with: a MIDI file or a recording, as hits on a grid of its own time."""

from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt

from tsumami.bridge.groove.drum_notes import lane_of
from tsumami.bridge.groove.midi_file import (
    DEFAULT_TEMPO,
    DRUM_CHANNEL,
    MIDI_ENDINGS,
    begins_note,
    open_midi,
)
from tsumami.bridge.groove.recording import Recording, hear
from tsumami.engine.errors import SessionError
from tsumami.engine.groove import Grid, given_tempo, known_beats, tracked_tempo

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ReferenceHits:
    """Hits in order of time, ``[hits]`` each, and the grid that they are on."""

    seconds: Values
    lanes: npt.NDArray[np.int64]
    places: Values
    """In beats from the grid's first."""
    grid: Grid
    length_seconds: float
    remarks: tuple[str, ...] = ()
    recording: Recording | None = None
    """Where it is one, and no MIDI file."""


def read_reference(path: Path, bpm: float | None) -> ReferenceHits:
    """The hits of a MIDI file, whose tempo map is the grid, or of a recording, whose grid is found.

    Raises `SessionError` for a MIDI file that cannot be used, `SoundError` for such a recording.
    """
    if path.suffix.lower() in MIDI_ENDINGS:
        return _read_midi(path)
    return reference_of(hear(path, "reference"), bpm)


def _read_midi(path: Path) -> ReferenceHits:
    midi = open_midi(path, "reference")
    messages = list(mido.merge_tracks(midi.tracks))
    is_drums = any(begins_note(message) and message.channel == DRUM_CHANNEL for message in messages)
    ticks, seconds, tempo = 0, 0.0, DEFAULT_TEMPO
    hits: list[tuple[float, int, float]] = []
    beat_seconds, beats_in_bar = [0.0], 4
    for message in messages:
        # A beat's time is that of its tick under the tempo that it begins with.
        while (next_beat := len(beat_seconds) * midi.ticks_per_beat) <= ticks + message.time:
            beat_seconds.append(seconds + mido.tick2second(next_beat - ticks, midi.ticks_per_beat, tempo))
        seconds += mido.tick2second(message.time, midi.ticks_per_beat, tempo)
        ticks += message.time
        if message.type == "set_tempo":
            tempo = message.tempo
        elif message.type == "time_signature":
            beats_in_bar = max(round(4 * message.numerator / message.denominator), 1)
        elif begins_note(message) and (message.channel == DRUM_CHANNEL or not is_drums):
            hits.append((seconds, lane_of(message.note), ticks / midi.ticks_per_beat))
    if not hits:
        raise SessionError(f"reference must have notes, got none in {path}")
    while len(beat_seconds) < 3:
        beat_seconds.append(beat_seconds[-1] + tempo / 1e6)
    times, lanes, places = (np.array(column) for column in zip(*sorted(hits), strict=True))
    grid = known_beats(times, lanes, np.array(beat_seconds), 0, "reference").of_bars(beats_in_bar)
    return ReferenceHits(times, lanes, np.asarray(places, np.float64), grid, seconds)


def reference_of(recording: Recording, bpm: float | None = None) -> ReferenceHits:
    """The hits of a recording, at a tempo if given, on the grid that is found; raises `SoundError`."""
    times, lanes = recording.times, recording.lanes
    grid = tracked_tempo(times, lanes) if bpm is None else given_tempo(times, lanes, bpm)
    return ReferenceHits(
        times,
        lanes,
        grid.place(times)[0],
        grid.from_reference(),
        recording.seconds,
        recording.remarks,
        recording,
    )
