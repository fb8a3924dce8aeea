"""What a live session did, in numbers: the document that `tsumami live --json` ends with."""

import math
from typing import Any

from tsumami.engine.config import Message
from tsumami.engine.meter_block import STAGES, MeterBlock
from tsumami.engine.meters import percentiles

_RANKS = (50.0, 99.0, 99.9)
_SILENCE_DBFS = -200.0


def decibels(amplitude: float) -> float:
    """Amplitude in dB relative to full scale, -200 for silence."""
    return 20 * math.log10(amplitude) if amplitude > 1e-10 else _SILENCE_DBFS


def latency_ms(histogram: Any) -> dict[str, float]:
    """Percentiles of a histogram of nanoseconds, in milliseconds."""
    values = percentiles(histogram, _RANKS) * 1e-6
    return {f"p{rank:g}": round(float(value), 4) for rank, value in zip(_RANKS, values, strict=True)}


def load_percent(histogram: Any, block_ns: float) -> dict[str, float]:
    """Percentiles of a stage's load, in percent of a block."""
    values = percentiles(histogram, _RANKS) / block_ns * 100
    return {f"p{rank:g}": round(float(value), 3) for rank, value in zip(_RANKS, values, strict=True)}


def summarise(
    meters: MeterBlock,
    started: Message,
    *,
    block_size: int,
    sample_rate: int,
    has_input: bool = False,
    has_repair: bool = False,
) -> dict[str, Any]:
    """Numbers of a session so far; ``started`` is the engine's last word about its device.

    ``latency_ms`` is what a note waits between the block that plays it and the converter, plus one
    block; ``missed`` counts blocks that the device did not get in time. ``input`` is None without one, and so
    is the input's ``repair``.
    """
    frames = int(meters["sample"])
    block_ns = block_size / sample_rate * 1e9
    repair = _repair(meters, sample_rate) if has_repair else None
    rms = math.sqrt(float(meters["square_sum"]) / (2 * frames)) if frames else 0.0
    return {
        "seconds": round(frames / sample_rate, 3),
        "blocks": int(meters["blocks"]),
        "missed": int(meters["missed"]),
        "late_inference": int(meters["late_inference"]),
        "clipped": int(meters["clipped"]),
        "non_finite": int(meters["non_finite"]) + int(meters["inference_non_finite"]),
        "peak_dbfs": round(decibels(float(meters["peak"])), 2),
        "rms_dbfs": round(decibels(rms), 2),
        "device": started.device,
        "block_size": block_size,
        "sample_rate": sample_rate,
        "latency_ms": round((started.latency_seconds + block_size / sample_rate) * 1e3, 2),
        "input": _input(meters, started, repair) if has_input else None,
        "provider": started.provider,
        "overruns": int(meters["overruns"]),
        "overruns_by_stage": {
            name: int(count) for name, count in zip(STAGES, meters["blame"], strict=True) if count
        },
        "lost_periods": int(meters["lost_periods"]),
        "device_losses": int(meters["device_losses"]),
        "load_percent": {
            name: load_percent(histogram, block_ns)
            for name, histogram in zip(STAGES, meters["load"], strict=True)
        },
        "note_latency_ms": latency_ms(meters["note_latency"]),
        "knob_latency_ms": latency_ms(meters["knob_latency"]),
        "knob_set_latency_ms": latency_ms(meters["set_latency"]),
        "inference_ms": latency_ms(meters["inference_load"]),
    }


def _input(meters: MeterBlock, started: Message, repair: dict[str, Any] | None) -> dict[str, Any]:
    """What came in: its level before the repair, and what of it was missing.

    ``latency_ms`` is from the input's converter to the output's.
    """
    return {
        "device": started.input,
        "peak_dbfs": round(decibels(float(meters["input_peak"])), 2),
        "lost_blocks": int(meters["input_lost"]),
        "starved_blocks": int(meters["input_starved"]),
        "overflows": int(meters["input_overflows"]),
        "latency_ms": round(started.input_latency_seconds * 1e3, 2),
        "repair": repair,
    }


def _repair(meters: MeterBlock, sample_rate: int) -> dict[str, Any]:
    """How much of the input was continued where it was missing, and by how new fits.

    ``late`` are gaps whose weights were not there in time; ``fit_age_ms`` is the age of the fits that the
    last gap took, ``fit_ms`` and ``plan_ms`` what fits and plans took.
    """

    def milliseconds(field: str) -> float:
        return round(int(meters[field]) / sample_rate * 1e3, 2)

    return {
        "gaps": int(meters["repair_gaps"]),
        "late": int(meters["repair_late"]),
        "repaired_ms": milliseconds("repair_samples"),
        "longest_ms": milliseconds("repair_longest_samples"),
        "fits": int(meters["repair_fits"]),
        "fit_age_ms": milliseconds("repair_fit_age_samples"),
        "fit_ms": latency_ms(meters["repair_load"]),
        "plans": int(meters["repair_plans"]),
        "plan_ms": latency_ms(meters["repair_plan_load"]),
    }
