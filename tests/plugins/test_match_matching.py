"""From a sound to a patch with a model that always says the same: what is made of its answer."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.plugins.listening_model import SHORT, listening_model
from tsumami.engine import SoundModel
from tsumami.engine.errors import ModelError, ParameterError, RenderError, SoundError
from tsumami.engine.inference.contract import RENDER
from tsumami.plugins import PARAMETERS, positions_of
from tsumami.plugins.match.library import Library, open_library
from tsumami.plugins.match.matching import (
    PREDICTION,
    Match,
    check_instrument,
    match_sound,
    player_for,
    settings_of,
)
from tsumami.plugins.match.mel import SAMPLE_RATE, mel_power
from tsumami.plugins.match.player import PatchPlayer
from tsumami.plugins.match.sound import HeardSound
from tsumami.plugins.offline import RenderSettings, render_presets
from tsumami.plugins.offline.messages import Instrument
from tsumami.plugins.presets import Preset

Values = npt.NDArray[np.float32]
ANSWER = {"cutoff": 0.5, "resonance": 0.3, "volume": 0.35}
WAVES = {"osc1_wave": (("saw", "pulse", "triangle", "sine"), 1)}
NAMES = [parameter.name for parameter in PARAMETERS]
WANTED = positions_of({"cutoff": 900.0, "resonance": 0.5, "volume": -12.0, "osc1_wave": "pulse"})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SoundModel:
    return SoundModel(listening_model(tmp_path_factory.mktemp("model") / "m.onnx", ANSWER, chosen=WAVES))


@pytest.fixture(scope="module")
def player(model: SoundModel) -> Iterator[PatchPlayer]:
    with player_for(model.contract, "builtin", settings_of(model.contract), 1) as player:
        yield player


def heard(player: PatchPlayer, patch: Values = WANTED) -> HeardSound:
    audio = player.play(patch[None, player.rows], patch)[0]
    return HeardSound(audio, 0.0, SAMPLE_RATE)


def settings(match: Match) -> dict[str, float]:
    return dict(zip(NAMES, map(float, match.found.patch), strict=True))


def test_the_prediction_is_the_models_answer_on_a_loaded_instrument(
    model: SoundModel, player: PatchPlayer
) -> None:
    match = match_sound(heard(player), model, player)
    given = settings(match)
    assert {name: given[name] for name in ANSWER} == pytest.approx(ANSWER)
    assert given["osc1_wave"] == pytest.approx(1 / 3)
    others = [row for row, name in enumerate(NAMES) if name not in (*ANSWER, "osc1_wave")]
    np.testing.assert_array_equal(match.found.patch[others], player.ready.defaults[others])
    assert (match.start, match.renders, match.is_whole) == (PREDICTION, 1, True)
    assert match.found.sc == match.prediction.sc > 0.2
    np.testing.assert_array_equal(match.found.patch, match.prediction.patch)


class Watch:
    """Follows a search, and interrupts it as a user does after so many steps: a machine may be slow."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self.distances: list[float] = []

    def __call__(self, _seconds: float, distance: float) -> None:
        self.distances.append(distance)
        if len(self.distances) == self._steps:
            raise KeyboardInterrupt


FOREVER = 3600.0


def test_the_search_goes_on_from_it_until_an_interrupt(model: SoundModel, player: PatchPlayer) -> None:
    watch = Watch(15)
    match = match_sound(heard(player), model, player, seconds=FOREVER, on_step=watch)
    assert not match.is_whole
    assert match.found.sc < 0.7 * match.prediction.sc
    assert watch.distances == sorted(watch.distances, reverse=True)
    assert watch.distances[-1] == pytest.approx(match.found.sc)
    assert settings(match)["osc1_wave"] == pytest.approx(1 / 3), "choices stay the model's"


def test_a_search_ends_with_its_time(model: SoundModel, player: PatchPlayer) -> None:
    match = match_sound(heard(player), model, player, seconds=0.1)
    assert match.is_whole
    assert match.seconds >= 0.1
    assert match.found.sc <= match.prediction.sc


def test_high_bands_that_a_sound_lacks_do_not_count(model: SoundModel, player: PatchPlayer) -> None:
    dull = positions_of({"cutoff": 300.0, "osc1_wave": "pulse", "volume": -12.0})
    whole = match_sound(heard(player, dull), model, player)
    low = match_sound(replace(heard(player, dull), file_rate_hz=8_000), model, player)
    assert 0.0 < low.prediction.sc < whole.prediction.sc


def test_a_silent_answer_is_no_answer(tmp_path: Path) -> None:
    answer = {"volume": 0.0, "amp_attack": 1.0, "osc_mix": 0.0}
    model = SoundModel(listening_model(tmp_path / "m.onnx", answer))
    gone = settings_of(model.contract)
    with PatchPlayer("builtin", list(answer), gone, 1) as player:
        quiet = match_sound(heard(player), model, player)
        assert quiet.found.sc <= 1.0
        player.play = lambda values, *_: np.zeros((len(values), 11_025), np.float32)  # type: ignore[method-assign]
        sound = HeardSound(np.ones(11_025, np.float32), 0.0, SAMPLE_RATE)
        with pytest.raises(SoundError, match="patch must make a sound, got silence from all"):
            match_sound(sound, model, player)


def test_another_note_is_heard_as_it_is_and_transposed(model: SoundModel) -> None:
    lower = settings_of(model.contract, note=48, velocity=None)
    assert (lower.note, lower.velocity, lower.hold_seconds) == (48, 100, SHORT["hold_seconds"])
    with player_for(model.contract, "builtin", lower, 1) as player:
        match = match_sound(heard(player), model, player)
    assert match.renders == 2


def test_settings_are_the_models_unless_they_are_given(model: SoundModel) -> None:
    assert settings_of(model.contract) == RenderSettings(hold_seconds=0.4, length_seconds=0.5)
    with pytest.raises(ParameterError, match="note must be a whole number in 0-127, got 128"):
        settings_of(model.contract, note=128)
    with pytest.raises(ParameterError, match="hold_seconds must be above 0 and at most length_seconds"):
        settings_of(model.contract, hold_seconds=5.0)


def test_a_model_of_another_instrument_is_refused(model: SoundModel, tmp_path: Path) -> None:
    amsynth = SoundModel(listening_model(tmp_path / "a.onnx", ANSWER, instrument="amsynth")).contract
    plugin = Instrument(Path("amsynth_vst.so"), "dawdreamer", "amsynth_vst")
    check_instrument(amsynth, plugin)
    check_instrument(model.contract, Instrument(None, "builtin", "Tsumami"))
    with pytest.raises(ModelError, match="model must be one for amsynth_vst, got 'one answer' for builtin"):
        check_instrument(model.contract, plugin)
    with pytest.raises(ModelError, match="model must be one for Tsumami, got 'one answer' for amsynth"):
        check_instrument(amsynth, Instrument(None, "builtin", "Tsumami"))


def test_a_preset_that_is_nearer_is_where_the_search_begins(model: SoundModel, player: PatchPlayer) -> None:
    patches = np.stack([positions_of({"cutoff": hz, "volume": -12.0}) for hz in (300.0, 900.0, 3000.0)])
    patches[:, NAMES.index("osc1_wave")] = WANTED[NAMES.index("osc1_wave")]
    patches[:, NAMES.index("drive")] = 0.9
    mels = np.stack([mel_power(heard(player, patch).samples) for patch in patches])
    library = Library(["low", "middle", "high"], patches, mels)
    sound = heard(player, patches[1])
    match = match_sound(sound, model, player, library=library)
    assert (match.start, match.found.sc) == ("middle", 0.0)
    np.testing.assert_array_equal(match.found.patch, patches[1])
    loud = [near.name for near in library.nearest(10.0 * mels[2])]
    assert loud[-1] == "high", "its level aside, nothing is nearer"
    quiet = patches[1].copy()
    quiet[NAMES.index("volume")] -= 0.2
    found = match_sound(
        heard(player, quiet), model, player, library=library, seconds=FOREVER, on_step=Watch(25)
    )
    assert found.start == "middle"
    assert found.found.sc < 0.1
    assert settings(found)["drive"] == pytest.approx(0.9), "what the model does not set is the preset's"


def presets() -> list[Preset]:
    made = [
        Preset(f"p{row}", "positions", "", f"p{row}", positions={"cutoff": 0.4 + 0.1 * row})
        for row in range(4)
    ]
    silent = Preset("silent", "positions", "", "silent", positions={"volume": 0.0, "amp_attack": 1.0})
    return [*made, silent]


def test_a_library_is_a_data_set(player: PatchPlayer, tmp_path: Path) -> None:
    path = tmp_path / "sounds.zarr"
    render_presets("builtin", presets(), path, settings=player.settings, workers=1)
    told: list[tuple[int, int]] = []
    library = open_library(path, player, lambda done, total: told.append((done, total)))
    assert (len(library), told[-1]) == (4, (4, 4)), "silence is no preset"
    patch = player.ready.defaults.copy()
    patch[NAMES.index("cutoff")] = 0.6
    near = library.nearest(heard(player, patch).mel)[0]
    assert near.name == "p2"
    np.testing.assert_allclose(near.patch, patch, atol=1e-7)
    other = PatchPlayer("builtin", [], replace(player.settings, note=48), 1)
    with pytest.raises(RenderError, match=r"note of .* must be 48 as it is played here, got 60"):
        open_library(path, other)
    with pytest.raises(RenderError, match="presets must be a data set that tsumami render has written"):
        open_library(tmp_path / "none.zarr", player)


def test_a_library_is_files(player: PatchPlayer, tmp_path: Path) -> None:
    bank = '[[patch]]\nname = "{}"\ncategory = "bass"\ntags = []\nparameters = {{ volume = {} }}\n'
    (tmp_path / "one.toml").write_text(bank.format("soft", -20))
    (tmp_path / "two.toml").write_text(bank.format("loud", 0))
    library = open_library(tmp_path, player)
    loud = positions_of({"volume": 0.0})
    assert library.nearest(heard(player, loud).mel)[0].name == "loud"
    with pytest.raises(ParameterError, match="must be a readable file"):
        open_library(tmp_path / "missing.toml", player)


def test_the_contract_says_how_its_sounds_are_played() -> None:
    assert set(SHORT) == set(RENDER) == {"note", "velocity", "hold_seconds", "length_seconds"}
