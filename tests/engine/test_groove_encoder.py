"""The encoder that ships: any blocks, one result; nothing from itself, and much from what is late."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from tests.drum_sounds import play, rock
from tests.engine.onnx_models import RESTORATION, lstm_model
from tsumami.engine.errors import ModelError
from tsumami.engine.groove.divergence import LEVEL, at_level
from tsumami.engine.groove.encoder import DivergenceMeter, divergence_curve, shipped_encoder
from tsumami.engine.inference.contract_file import check_contract

Audio = npt.NDArray[np.float32]

RATE = 44_100


@pytest.fixture
def meter() -> DivergenceMeter:
    meter = DivergenceMeter()
    meter.prepare()
    return meter


def drums(late_ms: float = 0.0) -> Audio:
    hits = [(time + late_ms / 1000.0, lane, gain) for time, lane, gain in rock(1, 96.0)]
    return at_level(play(hits, RATE)[: 2 * RATE])


def level_db(curve: Audio) -> float:
    means = curve[: len(curve) // 441 * 441].reshape(-1, 441).mean(axis=1)
    return float(10.0 * np.log10(np.maximum(means, 1e-5)).mean())


def test_the_file_keeps_its_contract() -> None:
    contract = check_contract(shipped_encoder(), "groove")
    assert contract.sample_rate == RATE
    assert contract.normalisation == {"level": LEVEL}
    assert contract.training.command in shipped_encoder().with_suffix(".md").read_text("utf-8")


def test_any_blocks_give_the_same(meter: DivergenceMeter) -> None:
    performed, reference = drums(12.0)[:20_000], drums()[:20_000]
    whole = np.concatenate([meter.process(performed, reference), meter.finish()])
    assert whole.shape == performed.shape
    for size in (1, 64, 65, 8192):
        parts = [
            meter.process(performed[at : at + size], reference[at : at + size])
            for at in range(0, len(performed), size)
        ]
        np.testing.assert_array_equal(np.concatenate([*parts, meter.finish()]), whole)


def test_nothing_diverges_from_itself() -> None:
    # Twice the same float32 sums; what is left is the rounding of six squares.
    assert np.abs(divergence_curve(drums(), drums())).max() < 1e-3


def test_what_is_late_diverges() -> None:
    levels = [level_db(divergence_curve(drums(late), drums())) for late in (0.0, 2.0, 10.0, 40.0)]
    assert min(levels[1:]) > levels[0] + 10.0, levels


def test_a_new_beginning_forgets(meter: DivergenceMeter) -> None:
    first = meter.process(drums(5.0)[:1024], drums()[:1024])
    meter.process(drums()[:1000], drums(5.0)[:1000])
    meter.reset()
    np.testing.assert_array_equal(meter.process(drums(5.0)[:1024], drums()[:1024]), first)


def test_other_models_are_refused() -> None:
    with pytest.raises(ModelError, match="kind of model must be groove, got restoration"):
        DivergenceMeter(lstm_model())
    with pytest.raises(ModelError, match="tensors of a groove model must be x"):
        DivergenceMeter(lstm_model(contract=replace(RESTORATION, kind="groove")))
