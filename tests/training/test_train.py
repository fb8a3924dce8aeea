"""The whole pipeline, tiny: it learns, what it exports runs in the engine, and it goes on where it was."""

import re
from pathlib import Path

import numpy as np
import pytest

import tsumami.training.macros.train as train
from tsumami.engine import check_contract
from tsumami.engine.inference.contract import Contract
from tsumami.engine.macros.loading import load_macros
from tsumami.plugins import PARAMETERS, load_bank
from tsumami.training.macros.descriptors import LABELS, MACROS
from tsumami.training.macros.knobs import table


@pytest.mark.slow
def test_a_smoke_run_learns_exports_and_resumes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "macros.onnx"
    trained = train.train_macros(out, budget="smoke", seed=3, folder=tmp_path / "runs", command="pytest")
    assert_every_stage_learned(capfd.readouterr().err)

    contract = check_contract(out, "macros")
    assert_says_what_it_is(contract)
    assert out.stat().st_size < 5_000_000
    assert trained.contract == contract
    card = out.with_suffix(".md").read_text("utf-8")
    assert all(macro in card for macro in MACROS)
    assert "seed 3" in card

    processor = load_macros(str(out), "cpu", PARAMETERS).processor
    assert processor.names == MACROS
    preset = load_bank()[0].values
    processor.load(preset)
    assert processor.values.tobytes() == preset.tobytes()
    processor.move(0, 0.5)
    processor.move(0, 1.0)
    assert processor.tick(0.1)
    assert np.all((processor.values >= 0) & (processor.values <= 1))

    again = train.train_macros(out, budget="smoke", seed=3, folder=tmp_path / "runs", command="pytest")
    assert " steps, loss " not in capfd.readouterr().err, "finished stages are kept"
    assert table(again.verdicts) == table(trained.verdicts)


def assert_every_stage_learned(printed: str) -> None:
    """From lines such as ``flow-0: 30 steps, loss 5.4 → 2.1``."""
    stages = re.findall(r"(\S+): (\d+) steps, loss (\S+) → (\S+)", printed)
    assert {name.partition("-")[0] for name, *_ in stages} == {"vae", "surrogate", "flow"}
    for name, steps, first, last in stages:
        # Later rounds go on from where the first one ended.
        if int(steps) > 1 and not name.endswith("-1"):
            assert float(last) < float(first), name


def assert_says_what_it_is(contract: Contract) -> None:
    assert (contract.training.command, contract.training.seed) == ("pytest", 3)
    assert [(latent.low, latent.high) for latent in contract.latents[:8]] == [
        LABELS[macro] for macro in MACROS
    ]
    assert {f"monotone {macro}" for macro in MACROS} <= contract.metrics.keys()
