"""Runs of every model, as large as a test needs, over a corpus that is made in memory."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tsumami.plugins import PARAMETERS
from tsumami.plugins.match.player import PatchPlayer
from tsumami.plugins.offline import RenderSettings
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.flow_synth import FlowSynth
from tsumami.training.macros.flows import Flow
from tsumami.training.macros.head_models import HasHeads
from tsumami.training.macros.models import make_model, model_class
from tsumami.training.macros.run import Run
from tsumami.training.macros.sounds import Sounds
from tsumami.training.macros.synth_model import Shape

NAMES = ("cutoff", "osc1_wave", "resonance", "amp_attack", "unison", "drive")
_ROWS = {row.name: number for number, row in enumerate(PARAMETERS)}
CHOICES = tuple(len(PARAMETERS[_ROWS[name]].choices) for name in NAMES)
"""How many choices each of them has, 0 of a continuous one."""

PAIRS = (("dark", "bright"), ("calm", "aggressive"))


def stir(model: nn.Module) -> None:
    """Move a flow as far from the identity as training may."""
    torch.manual_seed(5)
    with torch.no_grad():
        for flow in model.modules():
            if isinstance(flow, Flow):
                for parameter in flow.parameters():
                    parameter.add_(0.2 * torch.randn_like(parameter))


def sounds(count: int, seed: int) -> Sounds:
    """Powers of any size; presets as people make them, with many parameters at an end."""
    rng = np.random.default_rng(seed)
    values = rng.random((count, len(NAMES)), np.float32)
    values[: count // 3] = values[: count // 3].round()
    values[:2] = [[0.0], [1.0]]
    for column, choices in enumerate(CHOICES):
        if choices:
            values[:, column] = np.rint(values[:, column] * (choices - 1)) / (choices - 1)
    mel = np.exp(rng.normal(-2.0, 3.0, (count, 64, 80))).astype(np.float32)
    descriptors = rng.normal(size=(count, 9)).astype(np.float32)
    return Sounds(mel, values, descriptors, ("",) * count, ((),) * count)


def small_corpus(folder: Path) -> Corpus:
    settings = RenderSettings(note=57, velocity=90)
    splits = (sounds(60, 0), sounds(12, 1), sounds(12, 2))
    player = PatchPlayer("builtin", [_ROWS[name] for name in NAMES], settings)
    return Corpus("builtin", "Tsumami", settings, NAMES, "0123456789abcdef", *splits, player, folder)


def small_run(name: str) -> Run:
    """A run as if it had been trained."""
    return Run(small_checkpoint(name))


def small_checkpoint(name: str) -> dict[str, Any]:
    """What its folder holds: nothing in it is as it was made at first."""
    heads = issubclass(model_class(name), HasHeads)
    shape = Shape(len(NAMES), len(PAIRS), 32, 16, 4, 16, CHOICES if heads else ())
    torch.manual_seed(0)
    model = make_model(name, shape)
    if isinstance(model, FlowSynth):
        model.synthesizer.prepare(torch.randn(40, 64, 80), 3.5)
    stir(model)
    for weight in model.parameters():
        if not weight.any():
            nn.init.normal_(weight, std=0.3)
    for norm in model.modules():
        if isinstance(norm, nn.BatchNorm1d):
            assert norm.running_mean is not None
            assert norm.running_var is not None
            norm.running_mean.normal_(0.0, 0.3)
            norm.running_var.uniform_(0.5, 2.0)
    return {
        "model": name,
        "parameters": NAMES,
        "pairs": PAIRS,
        "instrument": "Tsumami",
        "corpus_hash": "0123456789abcdef",
        "seed": 3,
        "command": f"tsumami train macros --data D.zarr --model {name}",
        "schedule": {"variations": 1000},
        "epoch": 9,
        "best_epoch": 7,
        "best_figures": {"MSEn": 0.25},
        "mean": -2.5,
        "deviation": 3.5,
        "shape": asdict(shape),
        "best": model.state_dict(),
    }
