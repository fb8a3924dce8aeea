"""Models that ship, each an ONNX file with its card beside it."""

import importlib.resources
from pathlib import Path
from typing import Final

SHIPPED: Final = {"builtin": "macros.onnx", "amsynth": "amsynth.onnx"}
"""Macro models by the name of what they are for."""

LISTENING: Final = ("amsynth",)
"""Those that also hear a sound and say which parameters make it."""


def shipped_model(name: str) -> Path | None:
    """File of the model that ships under a name of `SHIPPED`; None for another name."""
    file = SHIPPED.get(name)
    return None if file is None else Path(str(importlib.resources.files(__name__) / file))
