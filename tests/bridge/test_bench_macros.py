from pathlib import Path

import numpy as np
import pytest

from tests.training.small_runs import small_corpus, small_run
from tsumami.bridge.bench.hand_made import HAND_MADE, sweep_hand_made
from tsumami.bridge.bench.macro_rows import PEER
from tsumami.bridge.bench.macros import run, unseen_patches
from tsumami.bridge.bench.macros_trained import run_trained
from tsumami.engine.errors import ModelError
from tsumami.plugins import PARAMETERS, default_values, load_bank
from tsumami.training.macros.data import make_patches, training_bank
from tsumami.training.macros.descriptors import MACROS
from tsumami.training.macros.export_run import save_run


@pytest.mark.parametrize("macro", range(len(MACROS)))
def test_a_hand_made_knob_turns_one_parameter_from_end_to_end(macro: int) -> None:
    patch = default_values()
    swept = sweep_hand_made(patch, macro, 5)
    moved = np.flatnonzero((swept != patch).any(axis=0))
    name, direction = HAND_MADE[macro]
    assert [PARAMETERS[row].name for row in moved] == [name]
    np.testing.assert_array_equal(swept[::direction, moved[0]], np.linspace(0, 1, 5))


def test_the_bench_hears_patches_that_training_does_not() -> None:
    patches = unseen_patches(60)
    names = {patch.values.tobytes(): patch.name for patch in load_bank()}
    of_bank = [patch for patch in patches if patch.tobytes() in names]
    assert 10 <= len(of_bank) < 60
    trained = {patch.values.tobytes() for patch in training_bank()}
    trained |= {patch.tobytes() for chunk in range(3) for patch in make_patches(1, chunk, 50)}
    assert trained.isdisjoint(patch.tobytes() for patch in patches)
    assert len({patch.tobytes() for patch in patches}) == 60


def test_a_model_of_renders_is_swept_over_held_out_presets(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path)
    path = tmp_path / "model.onnx"
    save_run(small_run("Flow_heads"), corpus, path)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tsumami.bridge.bench.macros_trained.corpus_of", lambda *_: corpus)
        report = run_trained(path, tmp_path / "data.zarr", 2)
    assert report.bench == "macros-tsumami"
    rows = {row.what: row for row in report.rows}
    assert rows["bright: monotone"].peer == PEER
    assert rows["decode a moved knob, p50"].unit == "µs"
    notes = "\n".join(report.notes)
    assert "2 of 12 held-out presets" in notes
    assert notes.count("\n| bright |") == 2


def test_a_model_is_needed_for_data(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model must be given with data, got none; --model M\.onnx"):
        run(data=tmp_path)
