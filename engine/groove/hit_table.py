"""The hit detector's table: weights, thresholds and biases by lane, learned by `tsumami.training.groove`."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError
from tsumami.engine.groove.hit_state import (
    BAND_Q,
    BAND_ZEROS,
    BANDS_HZ,
    DELAY_FRAMES,
    HIDDEN,
    INPUTS,
    LANES,
    OUTPUTS,
    POOLS,
)

Floats = npt.NDArray[np.float32]

SHIPPED: Final = Path(__file__).with_name("hits.json")
_SIZES: Final = (INPUTS, *HIDDEN, OUTPUTS)


@dataclass(frozen=True, slots=True)
class HitTable:
    """What the detector knows of drums."""

    weights: tuple[Floats, ...]
    """Of each layer, ``[outputs, inputs]``."""
    biases: tuple[Floats, ...]
    thresholds: tuple[float, ...]
    """By lane: the least confidence of a hit."""
    bias_ms: tuple[float, ...]
    """By lane: how late the network's times are."""

    def document(self) -> dict[str, Any]:
        """As it is written to a file; weights to four digits."""
        return {
            "bands_hz": BANDS_HZ,
            "band_q": BAND_Q,
            "band_zeros": BAND_ZEROS,
            "pools": POOLS,
            "delay_frames": DELAY_FRAMES,
            "thresholds": dict(zip(LANES, self.thresholds, strict=True)),
            "bias_ms": dict(zip(LANES, self.bias_ms, strict=True)),
            "layers": [
                {"weights": _rounded(weights), "bias": _rounded(bias)}
                for weights, bias in zip(self.weights, self.biases, strict=True)
            ],
        }


def hit_table(document: dict[str, Any]) -> HitTable:
    """The table of a document; raises `ModelError` where it is for another detector than this."""
    made_for = {
        "bands_hz": BANDS_HZ,
        "band_q": BAND_Q,
        "band_zeros": BAND_ZEROS,
        "pools": POOLS,
        "delay_frames": DELAY_FRAMES,
    }
    for name, value in made_for.items():
        given = document.get(name)
        if given != (list(value) if isinstance(value, tuple) else value):
            raise ModelError(f"{name} of a table of hits must be {value}, got {given}; train it anew")
    layers = document["layers"]
    table = HitTable(
        tuple(np.array(layer["weights"], np.float32) for layer in layers),
        tuple(np.array(layer["bias"], np.float32) for layer in layers),
        tuple(float(document["thresholds"][lane]) for lane in LANES),
        tuple(float(document["bias_ms"][lane]) for lane in LANES),
    )
    shapes = [weights.shape for weights in table.weights]
    wanted = list(zip(_SIZES[1:], _SIZES[:-1], strict=True))
    if shapes != wanted:
        raise ModelError(f"layers of a table of hits must have shapes {wanted}, got {shapes}; train it anew")
    return table


def read_hit_table(path: Path) -> HitTable:
    """The table of a JSON file; raises `ModelError`."""
    try:
        return hit_table(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"table of hits must be a file of `tsumami train`, got {path} ({error})") from error


@cache
def shipped_hit_table() -> HitTable:
    """The table that ships."""
    return read_hit_table(SHIPPED)


def _rounded(values: Floats) -> Any:
    return np.vectorize(lambda value: float(f"{value:.4g}"))(values).tolist()
