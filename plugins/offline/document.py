"""The document of a data set: what decides its samples, so that two runs are mixed only if they agree."""

import hashlib
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tsumami.engine.errors import RenderError
from tsumami.plugins.offline.entries import Entry
from tsumami.plugins.offline.messages import Instrument, Ready
from tsumami.plugins.offline.settings import RenderSettings

FORMAT: Final = "tsumami-renders"
VERSION: Final = 1

_LARGEST_CHUNK_BYTES = 1 << 24
_MOST_PATCHES = 16
_HASH_DIGITS = 16


def document_of(
    instrument: Instrument, ready: Ready, settings: RenderSettings, entries: Sequence[Entry], frames: int
) -> dict[str, Any]:
    """Everything that is known before the first render. No time, place or number of workers is in it."""
    presets = hashlib.sha256()
    for entry in entries:
        presets.update(repr((entry.preset.name, entry.preset.source, entry.raw)).encode())
        presets.update(entry.key)
    return {
        "format": FORMAT,
        "version": VERSION,
        "instrument": {
            "name": instrument.name,
            "vendor": instrument.vendor,
            "version": instrument.version,
            "plugin_id": instrument.plugin_id,
            "backend": instrument.backend,
            "sha256": instrument_hash(instrument),
            "latency_samples": ready.latency_samples,
            "method": ready.method,
        },
        "settings": {
            **settings.document(),
            "midi": settings.midi and hashlib.sha256(settings.midi).hexdigest()[:_HASH_DIGITS],
        },
        "presets": {"count": len(entries), "sha256": presets.hexdigest()[:_HASH_DIGITS]},
        "batch": batch_size(frames, settings.channels),
        "command": command_of(instrument, settings, entries),
    }


def batch_size(frames: int, channels: int) -> int:
    """Patches in a batch, which is a chunk: at most 16 and about 16 MB."""
    return max(1, min(_MOST_PATCHES, _LARGEST_CHUNK_BYTES // (4 * channels * frames)))


def check_same(there: dict[str, Any], wanted: dict[str, Any], place: str) -> None:
    """Raise `RenderError`, naming the first difference, when a data set is of another run than ``wanted``."""
    for name, value in wanted.items():
        found = there.get(name)
        if name == "command" or found == value:
            continue
        if isinstance(value, dict) and isinstance(found, dict):
            name, found, value = next(
                (f"{name}.{key}", found.get(key), value.get(key))
                for key in [*value, *found]
                if found.get(key) != value.get(key)
            )
        raise RenderError(
            f"output must be new or of the same render, got {place} with {name} {found} instead of {value}; "
            "choose another name"
        )


def instrument_hash(instrument: Instrument) -> str:
    """Hash of the plugin's files, or of the built-in synthesizer's sources."""
    root = instrument.path or Path(__file__).parent.parent / "builtin"
    files = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else [root]
    digest = hashlib.sha256()
    for path in files:
        if "__pycache__" not in path.parts:
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:_HASH_DIGITS]


def command_of(instrument: Instrument, settings: RenderSettings, entries: Sequence[Entry]) -> str:
    """The command that makes the same data set; the files that presets came from stand for themselves."""
    sources = dict.fromkeys(entry.preset.source.partition("#")[0] for entry in entries)
    words = ["tsumami", "render"]
    words += ["--plugin", str(instrument.path)] if instrument.path is not None else ["--builtin"]
    words += [word for source in sources for word in ("--presets", source)]
    facts = settings.document()
    options = {
        "--note": facts.get("note"),
        "--velocity": facts.get("velocity"),
        "--hold": facts.get("hold_seconds"),
        "--length": facts["length_seconds"],
        "--rate": facts["sample_rate"],
        "--channels": facts["channels"],
        "--warm-up": facts["warm_up_seconds"],
        "--fresh": facts["fresh"],
    }
    words += [word for name, value in options.items() if value is not None for word in (name, str(value))]
    return shlex.join([*words, *(["--midi", "FILE.mid"] if settings.midi else [])])
