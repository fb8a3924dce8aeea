"""One note of each patch as a WAV file: the beginning of a data set.

python examples/render_patches.py folder [category]
"""

import sys
from pathlib import Path

import soundfile

from tsumami.plugins import load_bank, render_patch

SAMPLE_RATE = 22_050


def main(folder: Path, category: str = "") -> None:
    """Render the bank, or one category of it, into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for patch in load_bank():
        if category in ("", patch.category):
            audio = render_patch(patch.values, note=48, hold_seconds=1.0, length_seconds=2.0)
            soundfile.write(folder / f"{patch.name}.wav", audio.T, SAMPLE_RATE)
            print(f"{patch.name}: {', '.join(sorted(patch.tags))}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
