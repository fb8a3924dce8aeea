"""Data as small as can be: two played beats as MIDI, a drum kit of made-up sounds, a kit of Hydrogen."""

import itertools
from pathlib import Path
from typing import Final

import mido
import numpy as np
import soundfile

from tests.drum_sounds import drum, rock

RATE: Final = 44_100
LEAD_SECONDS: Final = 0.003
"""Silence at the beginning of every sample."""

_KIT: Final = {"ks": "kick", "sc": "snare", "hc": "hat", "ho": "hat", "th": "tom"}
_NOTES: Final = {"kick": 36, "snare": 38, "hat": 42}


def write_data(folder: Path, bars: int = 4) -> Path:
    """Write ``groove_midi`` with a piece in each split, and ``drum_kit``; returns ``folder``."""
    midi = folder / "groove_midi"
    midi.mkdir(parents=True)
    rows = ["midi_filename,bpm,beat_type,duration,split"]
    for split in ("train", "validation"):
        write_rock(midi / f"{split}.mid", bars, late_ticks=6)
        rows += [f"{split}.mid,110,beat,30.0,{split}", f"{split}.mid,110,fill,30.0,{split}"]
    (midi / "info.csv").write_text("\n".join(rows) + "\n")
    kit = folder / "drum_kit"
    kit.mkdir()
    for (name, lane), layer, robin in itertools.product(_KIT.items(), (1, 2), (1, 2)):
        sound = drum(lane, RATE, seed=10 * layer + robin) * (0.25 * layer)
        lead = np.zeros(round(LEAD_SECONDS * RATE), np.float32)
        soundfile.write(kit / f"{name}_vl{layer}_rr{robin}.flac", np.concatenate([lead, sound]), RATE)
    return folder


def write_rock(path: Path, bars: int, bpm: float = 110.0, late_ticks: int = 0) -> None:
    """Write `tests.drum_sounds.rock` from beat 0 on as MIDI, every hit later by ``late_ticks`` of 480."""
    ticks_per_beat = 480
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))])
    last = 0
    for number, (time, lane, _) in enumerate(rock(bars, bpm, begin=0.0)):
        ticks = round(time * bpm / 60.0 * ticks_per_beat) + late_ticks
        velocity = 40 + 15 * (number % 5)
        track.append(
            mido.Message("note_on", channel=9, note=_NOTES[lane], velocity=velocity, time=ticks - last)
        )
        last = ticks
    mido.MidiFile(type=0, ticks_per_beat=ticks_per_beat, tracks=[track]).save(path)


def write_hydrogen_kit(folder: Path) -> None:
    """Write a kit with the names of another world, its layers out of order."""
    folder.mkdir(parents=True)
    names = {
        "Bass Drum": "kick",
        "Snare": "snare",
        "Hat Closed": "hat",
        "Floor Tom": "tom",
        "Hat Open": "hat",
    }
    instruments = []
    for name, lane in names.items():
        layers = []
        for layer, (low, gain) in enumerate(((0.5, 0.8), (0.0, 0.3))):
            file = f"{lane}-{name[-1]}{layer}.wav"
            soundfile.write(folder / file, drum(lane, RATE, seed=layer) * gain, RATE)
            layers.append(f"<layer><filename>{file}</filename><min>{low}</min></layer>")
        instruments.append(f"<instrument><name>{name}</name>{''.join(layers)}</instrument>")
    kit = f"<instrumentList>{''.join(instruments)}</instrumentList>"
    xml = f'<drumkit_info xmlns="http://www.hydrogen-music.org/drumkit">{kit}</drumkit_info>'
    (folder / "drumkit.xml").write_text(xml)
