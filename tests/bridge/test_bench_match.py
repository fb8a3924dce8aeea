"""`tsumami bench match` on a small data set of the built-in synthesizer."""

from pathlib import Path

import numpy as np
import pytest

from tests.plugins.listening_model import SHORT, listening_model
from tsumami.bridge.bench.match import run
from tsumami.engine.errors import ModelError
from tsumami.plugins import PARAMETERS
from tsumami.plugins.offline import RenderSettings, render_presets
from tsumami.plugins.presets import Preset

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Filters of the built-in synthesizer, all other parameters at their defaults."""
    rng = np.random.default_rng(0)
    presets = [
        Preset(f"p{row}", "positions", "", f"p{row}", positions={"cutoff": cutoff, "resonance": resonance})
        for row, (cutoff, resonance) in enumerate(rng.uniform(0.3, 0.9, (40, 2)).tolist())
    ]
    path = tmp_path_factory.mktemp("bench") / "data.zarr"
    settings = RenderSettings(hold_seconds=SHORT["hold_seconds"], length_seconds=SHORT["length_seconds"])
    render_presets("builtin", presets, path, settings=settings, workers=1)
    return path


def model(folder: Path, data_hash: str) -> Path:
    """One of all parameters, which were trained on a corpus of that hash."""
    answer = {parameter.name: parameter.from_unit(parameter.default) for parameter in PARAMETERS}
    return listening_model(folder / "m.onnx", answer, data_hash=data_hash)


def test_the_nearest_preset_and_a_search_beat_one_answer_for_all(data: Path, tmp_path: Path) -> None:
    from tsumami.training.macros.corpus import open_corpus

    path = model(tmp_path, open_corpus(data, "all").hash)
    report = run(data, [path], sounds=2, refine=0.2, nearest=True, workers=1)
    rows = {row.what.removeprefix("m, 41 parameters: "): row for row in report.rows}
    predicted, found = rows["predicted, SC, median"], rows["searched on, SC, median"]
    both = rows["searched on, from the nearest preset too, SC, median"]
    assert found.value <= predicted.value == found.peer_value
    assert predicted.peer_value is not None
    assert both.value <= predicted.peer_value
    assert rows["searched on, patches played"].value > 1
    assert report.notes[-1].startswith("m, 41 parameters: 2 of ")


def test_a_model_of_other_data_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model must be trained on .*data\.zarr, got .*m\.onnx trained on"):
        run(data, [model(tmp_path, "another")])
    with pytest.raises(ModelError, match="data and model must be given, got none"):
        run()
