"""What the page shows of the loop player: the loop that sounds, and the one that waits for the bar line."""

import zlib
from typing import Any

from tsumami.engine.meter_block import MeterBlock


def loop_key(meters: MeterBlock) -> tuple[Any, ...]:
    """Changes when `loop_document` does, and is found faster."""
    outlines, seeds = meters["loop_outlines"], meters["loop_slot_seeds"]
    numbers = (int(meters[name]) for name in ("loop_sounds", "loop_waits"))
    return (*numbers, float(meters["loop_bpm"]), *seeds.tolist(), zlib.crc32(outlines))


def loop_document(meters: MeterBlock) -> dict[str, Any]:
    """Both as JSON can say it; ``waits`` is None where the one that sounds goes on."""
    waits = int(meters["loop_waits"])
    return {
        "is": "loop",
        "bpm": round(float(meters["loop_bpm"]), 2),
        "sounds": _slot(meters, int(meters["loop_sounds"])),
        "waits": None if waits < 0 else _slot(meters, waits),
    }


def _slot(meters: MeterBlock, slot: int) -> dict[str, Any]:
    return {
        "seed": int(meters["loop_slot_seeds"][slot]),
        "bars": int(meters["loop_slot_bars"][slot]),
        "outline": meters["loop_outlines"][slot].tolist(),
    }
