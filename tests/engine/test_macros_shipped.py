"""The model that ships, over the instrument that it is for."""

import importlib.resources
from pathlib import Path

import numpy as np
import pytest

from tsumami.engine import MacroModel, MacroProcessor, check_contract
from tsumami.plugins import CONTINUOUS, PARAMETERS, load_bank

MODEL = Path(str(importlib.resources.files("tsumami.engine.models") / "macros.onnx"))
NAMES = ("bright", "aggressive", "moving", "percussive", "long", "thick", "noisy", "wide")


@pytest.fixture(scope="module")
def processor() -> MacroProcessor:
    return MacroProcessor(MacroModel(MODEL, "cpu"), len(PARAMETERS))


def settle(processor: MacroProcessor) -> None:
    while processor.is_moving:
        processor.tick(0.02)


def test_it_says_what_it_is_and_how_it_was_made() -> None:
    contract = check_contract(MODEL, "macros")
    table = [(row.name, row.choices) for row in contract.parameters]
    assert table == [(row.name, row.choices) for row in PARAMETERS]
    assert tuple(latent.name for latent in contract.latents[:8]) == NAMES
    assert MODEL.stat().st_size < 5_000_000
    card = MODEL.with_suffix(".md").read_text("utf-8")
    assert contract.training.command.startswith("tsumami train macros ")
    assert contract.training.command in card
    assert contract.training.data_hash in card


def test_every_preset_is_exact_at_rest_and_after_there_and_back(processor: MacroProcessor) -> None:
    assert processor.names == NAMES
    for number, patch in enumerate(load_bank()):
        macro = number % len(NAMES)
        processor.move(macro, 0.25)
        processor.load(patch.values)
        assert processor.values.tobytes() == patch.values.tobytes()
        ends = []
        for position in (1.0, 0.0):
            processor.move(macro, position)
            settle(processor)
            assert np.all((processor.values >= 0) & (processor.values <= 1))
            assert processor.values[CONTINUOUS:].tobytes() == patch.values[CONTINUOUS:].tobytes()
            ends.append(processor.values.copy())
        # A preset beyond one end of the range has only the other way to go.
        assert any(not np.array_equal(end, patch.values) for end in ends)
        processor.move(macro, 0.25)
        settle(processor)
        assert processor.values.tobytes() == patch.values.tobytes()
    assert processor.non_finite == 0


def test_the_latent_says_nearly_all_of_every_preset() -> None:
    model = MacroModel(MODEL, "cpu")
    for patch in load_bank():
        choices = [round(row.to_unit(float(v))) for row, v in zip(PARAMETERS, patch.values, strict=True)]
        context = model.context_of(choices[CONTINUOUS:])
        latent = model.encode(patch.values[:CONTINUOUS], context).copy()
        # float32 through 16 layers and a logit; what is left is the processor's residual.
        np.testing.assert_allclose(model.decode(latent, context), patch.values[:CONTINUOUS], atol=1e-3)
