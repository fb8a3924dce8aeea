"""What a knob does: which parameters of a patch one macro moves, and that turning it back undoes it.

python examples/turn_knob.py bright
"""

import sys
from importlib.resources import as_file, files

import numpy as np

from tsumami.engine import MacroModel, MacroProcessor
from tsumami.plugins import PARAMETERS, load_bank

SHOWN = 8


def main(name: str) -> None:
    """Take the knob in the middle, turn it all the way up, and back."""
    with as_file(files("tsumami.engine.models") / "macros.onnx") as path:
        macros = MacroProcessor(MacroModel(path), len(PARAMETERS))
    if name not in macros.names:
        raise SystemExit(f"macro must be one of {', '.join(macros.names)}, got {name}")
    knob, patch = macros.names.index(name), load_bank()[0]
    macros.load(patch.values)
    turn(macros, knob, 0.5)  # the first message only says where the knob stands
    turn(macros, knob, 1.0)
    moved = macros.values - patch.values
    for row in np.argsort(-np.abs(moved))[:SHOWN]:
        print(f"{PARAMETERS[row].name:20} {patch.values[row]:.3f} {moved[row]:+.3f}")
    turn(macros, knob, 0.5)
    exactly = np.array_equal(macros.values, patch.values)
    print(f"and back: {patch.name} is {'exactly' if exactly else 'not'} what it was")


def turn(macros: MacroProcessor, knob: int, position: float) -> None:
    """Move a knob, and let the parameters arrive."""
    macros.move(knob, position)
    macros.tick(0.004)
    while macros.is_moving:
        macros.tick(0.004)


if __name__ == "__main__":
    main(sys.argv[1])
