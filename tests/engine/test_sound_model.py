"""The listening part of a model file: it hears what the graph says, alone or beside the other."""

import subprocess
import sys

import numpy as np
import pytest

from tests.engine.onnx_models import BAND, FRAME, MACROS, macros_model, sound_model
from tsumami.engine import MacroModel, SoundModel
from tsumami.engine.errors import ModelError, ParameterError


def mel(value: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Silence but for the bin that the model hears."""
    power = np.zeros((64, 80), np.float32)
    power[BAND, FRAME] = value
    return power


@pytest.mark.parametrize("two_way", [False, True], ids=["alone", "beside the two-way part"])
def test_it_answers_with_positions_and_choices(two_way: bool) -> None:
    model = SoundModel(sound_model(two_way=two_way))
    assert model.contract == MACROS
    for value, choice in [(0.25, 2), (0.75, 1), (0.5, 0)]:
        positions, choices = model.listen(mel(value))
        assert positions.dtype == np.float32
        np.testing.assert_array_equal(positions, np.array([value, 1 - value], np.float32))
        assert choices.dtype == np.int64
        assert choices.tolist() == [choice]


def test_an_answer_outlives_the_next_one() -> None:
    model = SoundModel(sound_model())
    first, _ = model.listen(mel(0.25))
    model.listen(mel(0.75))
    assert first.tolist() == [0.25, 0.75]


def test_the_two_way_part_works_beside_it() -> None:
    model = MacroModel(sound_model(two_way=True), "cpu")
    assert model.decode([0.25, 0.5], [1, 0, 0]).tolist() == [0.25, 0.5]


@pytest.mark.parametrize(
    "heard",
    [
        np.zeros((80, 64)),
        np.zeros((1, 64, 80)),
        np.full((64, 80), np.nan),
        np.full((64, 80), np.inf),
        np.full((64, 80), -1.0),
    ],
    ids=["turned", "a batch", "nan", "infinite", "negative"],
)
def test_what_is_no_mel_is_refused(heard: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="mel must be 64 × 80 finite powers of at least 0, got shape"):
        SoundModel(sound_model()).listen(heard)


def test_a_model_without_the_part_is_refused() -> None:
    with pytest.raises(ModelError, match=r"must hold predicted, got only decoded, encoded; .*--data"):
        SoundModel(macros_model())
    with pytest.raises(ModelError, match="outputs of model must hold decoded, got only predicted, chosen; "):
        MacroModel(sound_model(), "cpu")


def test_listening_needs_no_torch() -> None:
    code = "import sys; from tsumami.engine import SoundModel; print({'torch', 'numba'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
