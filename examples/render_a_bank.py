"""A bank of presets as a data set, and what is in it.

python examples/render_a_bank.py sounds.zarr [plugin bank]
"""

import sys
from pathlib import Path

import numpy as np
import zarr

import tsumami.plugins.builtin as builtin
from tsumami.plugins.offline import render_presets

BANK = Path(builtin.__file__).with_name("bank.toml")


def main(output: str, plugin: str = "builtin", bank: str = str(BANK)) -> None:
    """Render the built-in synthesizer's bank, or a plugin's, then list it by loudness."""
    report = render_presets(plugin, [bank], output, workers=2)
    print(f"{report.patches} patches, {report.flags['silent']} silent, {report.flags['clipped']} clipped")
    data_set = zarr.open_group(output, mode="r")
    peaks, names = np.asarray(data_set["peak"]), np.asarray(data_set["name"])
    for row in peaks.argsort()[:-4:-1]:
        print(f"{peaks[row]:.2f} {names[row]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
