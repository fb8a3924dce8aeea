"""A groove as MIDI: a bar of how each lane is played, and the same put onto another MIDI file."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import mido
import numpy as np
import numpy.typing as npt

from tsumami.bridge.groove.drum_notes import LANE_NOTES, lane_of
from tsumami.bridge.groove.midi_file import DEFAULT_TEMPO, DRUM_CHANNEL, begins_note, open_midi
from tsumami.engine.errors import SessionError
from tsumami.engine.groove import LANES, Lean
from tsumami.plugins.offline.wav import write_beside

Values = npt.NDArray[np.float64]

_TICKS: Final = 960
_BARS: Final = 2
_FEWEST: Final = 2
_ACCENT: Final = 90.0
_ACCENT_VELOCITY: Final = 110
_DB_OF_HALF: Final = 9.0
"""What a hit is softer by at half the velocity."""


@dataclass(frozen=True, slots=True)
class Template:
    """How a bar is played: rows are the lanes, then all of them together, columns the even steps of a bar.

    ``late_ms`` and ``velocity`` are NaN where fewer than two hits were heard.
    """

    bpm: float
    steps_in_beat: int
    late_ms: Values
    velocity: Values

    @property
    def steps(self) -> int:
        """Of a bar."""
        return int(self.late_ms.shape[1])

    def at(self, lane: int | None, step: int) -> tuple[float, float]:
        """How late in ms a lane's note is at a step of a bar, and by what its velocity is multiplied."""
        for row in ([lane] if lane is not None else []) + [len(LANES)]:
            if not np.isnan(self.late_ms[row, step]):
                mean = float(np.nanmean(self.velocity[row]))
                return float(self.late_ms[row, step]), float(self.velocity[row, step]) / mean
        return 0.0, 1.0


def template_of(leaning: Lean) -> Template:
    """The template of a measured groove: swing is in its times, the steps are even."""
    grid = leaning.grid
    positions = np.array(grid.feel.positions)
    in_beat, steps_in_beat = leaning.in_beat, len(positions)
    period_ms = 60_000.0 / grid.bpm
    late = leaning.deviation_ms + (positions - np.arange(steps_in_beat) / steps_in_beat)[in_beat] * period_ms
    beat = (np.floor(leaning.places).astype(np.int64) + grid.first_beat) % grid.beats_in_bar
    step = beat * steps_in_beat + in_beat
    shape = (len(LANES) + 1, steps_in_beat * grid.beats_in_bar)
    late_ms, velocity = np.full(shape, np.nan), np.full(shape, np.nan)
    velocities = _velocities(leaning)
    for row in range(len(LANES) + 1):
        own = (leaning.lanes == row) | (row == len(LANES))
        for column in range(shape[1]):
            chosen = own & (step == column)
            if chosen.sum() >= _FEWEST:
                late_ms[row, column] = np.median(late[chosen])
                velocity[row, column] = np.median(velocities[chosen])
    return Template(grid.bpm, steps_in_beat, late_ms, velocity)


def _velocities(leaning: Lean) -> Values:
    """MIDI velocities 1-127 of hits by how loud they are in their lane."""
    velocities = np.zeros(len(leaning.lanes))
    for lane in np.unique(leaning.lanes):
        chosen = leaning.lanes == lane
        strength = leaning.strength_db[chosen]
        softer = np.percentile(strength, _ACCENT) - strength
        velocities[chosen] = np.clip(_ACCENT_VELOCITY * 2.0 ** (-softer / _DB_OF_HALF), 1, 127)
    return velocities


def write_template(template: Template, path: Path) -> None:
    """Write two bars of the template as drums on channel 10; a note before the first bar's beginning is at 0.

    Raises `SessionError` where the file cannot be written.
    """
    ticks_in_step = _TICKS // template.steps_in_beat
    notes = []
    for bar, lane, step in itertools.product(range(_BARS), range(len(LANES)), range(template.steps)):
        late_ms, velocity = template.late_ms[lane, step], template.velocity[lane, step]
        if not np.isnan(late_ms):
            late = round(late_ms * template.bpm / 60_000.0 * _TICKS)
            begin = max((bar * template.steps + step) * ticks_in_step + late, 0)
            notes.append((begin, begin + ticks_in_step // 2, LANE_NOTES[LANES[lane]], round(velocity)))
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(template.bpm))])
    track.extend(_in_order(_events(notes)))
    end = _BARS * template.steps * ticks_in_step
    length = sum(message.time for message in track)
    track.append(mido.MetaMessage("end_of_track", time=max(end - length, 0)))
    _save(mido.MidiFile(type=0, ticks_per_beat=_TICKS, tracks=[track]), path)


def _events(notes: list[tuple[int, int, int, int]]) -> Iterator[tuple[int, Any]]:
    for begin, end, note, velocity in notes:
        yield begin, mido.Message("note_on", channel=DRUM_CHANNEL, note=note, velocity=velocity)
        yield end, mido.Message("note_off", channel=DRUM_CHANNEL, note=note)


def apply_template(template: Template, other: Path, path: Path) -> int:
    """Put the groove onto every note of a MIDI file and write it to ``path``; returns how many notes.

    A note goes to the step that it is nearest to, and leans as that step does; drums on channel 10 as their
    lane. Lengths stay. Raises `SessionError`.
    """
    midi = open_midi(other, "apply")
    tempi = _tempi(midi)
    count = 0
    for track in midi.tracks:
        ticks, events = 0, list[tuple[int, Any]]()
        moved: dict[tuple[int, int], list[int]] = {}
        for message in track:
            ticks += message.time
            if message.type == "note_on" and message.velocity:
                to, changed = _grooved(template, midi.ticks_per_beat, tempi, ticks, message)
                moved.setdefault((message.channel, message.note), []).append(to - ticks)
                events.append((to, changed))
                count += 1
            elif message.type in ("note_on", "note_off"):
                waiting = moved.get((message.channel, message.note))
                events.append((max(ticks + (waiting.pop(0) if waiting else 0), 0), message))
            elif message.type != "end_of_track":
                events.append((ticks, message))
        track[:] = _in_order(iter(events))
        length = sum(message.time for message in track)
        track.append(mido.MetaMessage("end_of_track", time=max(ticks - length, 0)))
    if not count:
        raise SessionError(f"apply must have notes, got none in {other}")
    _save(midi, path)
    return count


def _grooved(
    template: Template, ticks_per_beat: int, tempi: list[tuple[int, int]], ticks: int, message: Any
) -> tuple[int, Any]:
    """A note's new tick, and the note with its new velocity."""
    nearest = round(ticks / ticks_per_beat * template.steps_in_beat)
    lane = lane_of(message.note) if message.channel == DRUM_CHANNEL else None
    late_ms, louder = template.at(lane, nearest % template.steps)
    tempo = next(tempo for begin, tempo in reversed(tempi) if begin <= ticks)
    late = late_ms * 1000.0 / tempo * ticks_per_beat
    to = round(nearest * ticks_per_beat / template.steps_in_beat + late)
    velocity = min(max(round(message.velocity * louder), 1), 127)
    return max(to, 0), message.copy(velocity=velocity)


def _tempi(midi: mido.MidiFile) -> list[tuple[int, int]]:
    """Ticks at which a tempo begins, and the tempo in microseconds a beat."""
    tempi, ticks = [(0, DEFAULT_TEMPO)], 0
    for message in mido.merge_tracks(midi.tracks):
        ticks += message.time
        if message.type == "set_tempo":
            tempi.append((ticks, message.tempo))
    return tempi


def _in_order(events: Iterator[tuple[int, Any]]) -> Iterator[Any]:
    """Messages at absolute ticks as messages after one another; a note's end before its next beginning."""
    last = 0
    for ticks, message in sorted(events, key=lambda event: (event[0], begins_note(event[1]))):
        yield message.copy(time=ticks - last)
        last = ticks


def _save(midi: mido.MidiFile, path: Path) -> None:
    data = BytesIO()
    midi.save(file=data)
    try:
        write_beside(path, data.getvalue())
    except OSError as error:
        raise SessionError(f"midi must be a writable file, got {path} ({error.strerror})") from error
