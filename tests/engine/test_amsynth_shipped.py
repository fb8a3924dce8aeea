"""The model of amsynth that ships: it knows every preset, and hears."""

import numpy as np
import pytest

from tests.amsynth import EXAMPLES
from tsumami.engine import MacroModel, SoundModel, check_contract
from tsumami.engine.models import LISTENING, SHIPPED, shipped_model
from tsumami.plugins.presets import read_presets
from tsumami.plugins.presets.parameter_lists import parameter_list

MODEL = shipped_model("amsynth")
BANK = EXAMPLES / "amsynth.bank"
MACROS = ("bright", "aggressive", "moving", "percussive", "long", "thick", "noisy")


@pytest.fixture(scope="module")
def model() -> MacroModel:
    assert MODEL is not None
    return MacroModel(MODEL, "cpu")


def test_names_are_of_files_that_are_there() -> None:
    assert set(LISTENING) <= set(SHIPPED)
    assert shipped_model("Diva") is None
    for name in SHIPPED:
        path = shipped_model(name)
        assert path is not None
        contract = check_contract(path, "macros")
        assert path.stat().st_size < 5_000_000
        card = path.with_suffix(".md").read_text("utf-8")
        assert contract.training.command.startswith("tsumami train macros ")
        assert contract.training.command in card
        assert contract.training.data_hash in card


def test_it_is_of_amsynths_parameters(model: MacroModel) -> None:
    (preset,) = read_presets(BANK)
    names = {row.name for row in model.contract.parameters}
    assert names == set(parameter_list("amsynth", "32", tuple(preset.positions)))
    assert tuple(latent.name for latent in model.latents)[: len(MACROS)] == MACROS


def test_presets_survive_the_way_to_their_latents_and_back(model: MacroModel) -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        positions = rng.uniform(0.02, 0.98, len(model.contract.continuous)).astype(np.float32)
        choices = [rng.integers(len(row.choices)) for row in model.contract.discrete]
        context = model.context_of(choices)
        latent = model.encode(positions, context).copy()
        np.testing.assert_allclose(model.decode(latent, context), positions, atol=1e-4)


def test_it_hears_how_bright_and_how_long_a_sound_is() -> None:
    assert MODEL is not None
    ear = SoundModel(MODEL)
    names = [row.name for row in ear.contract.parameters if not row.is_discrete]

    def heard(bands: int, frames: int) -> dict[str, float]:
        """A sound of the lowest bands that dies away after some frames."""
        mel = np.zeros((64, 80), np.float32)
        fall = 0.5 ** (np.arange(80) / frames)
        mel[:bands] = 100.0 * fall
        return dict(zip(names, ear.listen(mel)[0].tolist(), strict=True))

    dark, bright = heard(8, 20), heard(48, 20)
    assert bright["filter_cutoff"] > dark["filter_cutoff"]
    short, long = heard(24, 2), heard(24, 200)
    assert long["amp_sustain"] + long["amp_decay"] > short["amp_sustain"] + short["amp_decay"]
