"""A chord through the strip, offline: the same samples as live, without a device or a process.

python examples/play_strip.py chord.wav
"""

import sys
from pathlib import Path

import numpy as np
import soundfile

from tsumami.engine import Kind, Strip, StripSettings, event
from tsumami.plugins import BuiltinSynth, load_bank

CHORD = (48, 55, 60, 63, 67)
SAMPLE_RATE = 48_000


def main(output: Path) -> None:
    """Play five notes, each a tenth of a second after the one before, and write what is heard."""
    pad = next(patch for patch in load_bank() if patch.category == "pad")
    synth = BuiltinSynth()
    strip = Strip(synth, StripSettings(sample_rate=SAMPLE_RATE))
    synth.set_parameters(pad.values)
    notes = [event(Kind.NOTE_ON, note, 0.7, time=i * SAMPLE_RATE // 10) for i, note in enumerate(CHORD)]
    end = [event(Kind.ALL_NOTES_OFF, time=2 * SAMPLE_RATE)]
    audio = strip.run(4 * SAMPLE_RATE, np.concatenate(notes + end))
    soundfile.write(output, audio, SAMPLE_RATE)
    print(f"{pad.name}: {len(audio) / SAMPLE_RATE:g} s in {output}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
