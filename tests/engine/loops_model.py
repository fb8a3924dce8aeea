"""A tiny model of kind loops: every step decays, at a pitch and loudness that follow from what it is told."""

from dataclasses import replace

import numpy as np
from onnx import helper

from tests.engine.onnx_models import RESTORATION, build
from tsumami.engine.loops.assembly import STEPS
from tsumami.engine.loops.wishes import WISHES

LATENTS = 4
FRAMES = 600
SAMPLE_RATE = 8000
CONTRACT = replace(RESTORATION, name="tiny loops", kind="loops", sample_rate=SAMPLE_RATE, n_fft=0, hop=0)


def tiny_loops(steps: int = STEPS) -> bytes:
    """The file's bytes; ``steps`` other than `STEPS` break the contract of loops."""
    rng = np.random.default_rng(5)
    told = LATENTS + WISHES
    decay = np.exp(-np.arange(FRAMES) / 120.0)
    # Every number that is told brings a tone of its own to some of the steps.
    tones = np.sin(0.05 * np.arange(1, told + 1)[:, None] * np.arange(FRAMES)) * decay
    steps_of = rng.standard_normal((told, steps, 1))
    sounds = (0.1 * steps_of * tones[:, None, :]).reshape(told, -1).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "sounds"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["y"]),
    ]
    shape = np.array([1, steps, FRAMES], np.int64)
    return build(
        nodes,
        {"x": (1, told)},
        {"y": (1, steps, FRAMES)},
        {"sounds": sounds, "shape": shape},
        CONTRACT.to_json(),
    )
