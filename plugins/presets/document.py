"""A preset as one JSON document, for programs that read none of the formats."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from tsumami.plugins.presets.preset import Preset


def document_of(preset: Preset) -> dict[str, Any]:
    """All that a preset says, in types of JSON; ``state`` in base64, without the parts of its file."""
    return {
        "name": preset.name,
        "format": preset.format,
        "synth": preset.synth,
        "source": preset.source,
        "category": preset.category,
        "tags": list(preset.tags),
        "author": preset.author,
        "comment": preset.comment,
        "settings": dict(preset.settings),
        "positions": dict(preset.positions),
        "state": None if preset.state is None else base64.b64encode(preset.state).decode("ascii"),
        "plugin_id": preset.plugin_id,
        "unknown": dict(preset.unknown),
        "filled": list(preset.filled),
        "clipped": list(preset.clipped),
    }


def encode_document(presets: Sequence[Preset]) -> bytes:
    """A JSON file of ``{"presets": […]}``."""
    document = {"presets": [document_of(preset) for preset in presets]}
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8")
