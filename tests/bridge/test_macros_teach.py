"""`tsumami macros`: axes fitted to pairs, the file that keeps them, and the commands as they are run."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command import run_tsumami, run_tsumami_json
from tests.engine.onnx_models import MACROS, macros_model
from tests.plugins.preset_files import H2P, h2p_text
from tsumami.bridge.session import load_session
from tsumami.bridge.setup import model_path, set_up
from tsumami.bridge.taught import Pair, Taught, TaughtMacro, read_taught, taught_path, write_taught
from tsumami.bridge.taught_axis import TaughtAxes
from tsumami.bridge.taught_session import model_hash
from tsumami.bridge.taught_sounds import InstrumentSounds, latent_of
from tsumami.bridge.teaching import Teaching
from tsumami.engine import MacroModel, MacroProcessor, TsumamiError
from tsumami.engine.contract import Contract, Latent, ModelParameter, Training
from tsumami.engine.contract_file import read_contract
from tsumami.engine.errors import SessionError
from tsumami.engine.macro_loading import load_macros
from tsumami.plugins import PARAMETERS, load_bank, render_patch

Array = npt.NDArray[np.float64]

RATE = 22050
SIZE = 6


def contract_of_spans(*spans: float) -> Contract:
    """Two macros, then latents without a name; the last one is the parameter "glide" itself."""
    names = [("bright", "dark", "bright"), ("long", "short", "long")]
    names += [(f"free {row}", "", "") for row in range(3, len(spans))] + [("glide", "", "")]
    latents = [Latent(*name, -span, span) for name, span in zip(names, spans, strict=True)]
    parameters = (ModelParameter("cutoff"), ModelParameter("glide"))
    training = Training("none", "0", "pytest", 0)
    return Contract("spans", "macros", RATE, training, parameters=parameters, latents=tuple(latents))


AXES = TaughtAxes(contract_of_spans(*[2.0] * SIZE))


def pairs_of(axis: Array, points: Array, count: int) -> Array:
    """Differences ``[count, latents]`` of points, the one further along ``axis`` less the other."""
    differences = np.array([a - b for a, b in itertools.combinations(points, 2)])[:count]
    signs: Array = np.sign(differences @ axis)
    return differences * signs[:, None]


@given(st.integers(0, 10_000))
def test_pairs_turn_the_axis_to_what_they_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    meant = rng.normal(size=SIZE) + 2.0 * AXES.own("bright")
    meant[-1] = 0.0
    differences = pairs_of(meant, rng.normal(size=(40, SIZE)), 400)
    direction = AXES.fit("bright", differences)
    agreed = AXES.agreeing(direction, differences).mean()
    assert agreed >= AXES.agreeing(AXES.own("bright"), differences).mean()
    assert agreed > 0.9
    assert direction[-1] == 0.0, "a parameter of its own is no part of an axis"
    cosine = direction @ meant / np.linalg.norm(direction) / np.linalg.norm(meant)
    assert cosine > 0.97
    assert np.linalg.norm(direction) == pytest.approx(1.0, abs=1e-5)  # rounded to six decimals


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_the_order_of_the_pairs_says_nothing(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    differences = rng.normal(size=(count, SIZE))
    one = AXES.fit("long", differences)
    assert AXES.fit("long", differences).tobytes() == one.tobytes()
    # The decimals that are kept, and what a sum in another order changes before them.
    np.testing.assert_allclose(AXES.fit("long", rng.permutation(differences)), one, atol=2e-6)


@given(st.integers(0, 10_000), st.lists(st.sampled_from([0.5, 1.0, 4.0]), min_size=SIZE, max_size=SIZE))
def test_latents_count_in_their_own_ranges(seed: int, scales: list[float]) -> None:
    differences = np.random.default_rng(seed).normal(size=(5, SIZE))
    stretched = TaughtAxes(contract_of_spans(*(2.0 * scale for scale in scales)))
    one = AXES.fit("bright", differences)
    other = stretched.fit("bright", differences * scales)
    np.testing.assert_allclose(other, one * scales / scales[0], atol=1e-5)
    angle = AXES.angle_degrees("bright", one)
    assert stretched.angle_degrees("bright", other) == pytest.approx(angle, abs=1e-2)


def test_teaching_begins_at_the_directions_of_the_model() -> None:
    lean = (0.6, 0.8, 0.0, 0.0, 0.0, 0.0)
    plain = contract_of_spans(*[2.0] * SIZE)
    first = dataclasses.replace(plain.latents[0], direction=lean, minimum=-1.0, maximum=1.0)
    axes = TaughtAxes(dataclasses.replace(plain, latents=(first, *plain.latents[1:])))
    assert axes.own("bright").tolist() == list(lean)
    agreeing = np.random.default_rng(0).normal(0.0, 0.01, (3, SIZE)) + 50.0 * np.array(lean)
    assert axes.angle_degrees("bright", axes.fit("bright", agreeing)) < 0.01
    other = axes.fit("bright", [[0.0, -1.0, 0.0, 1.0, 0.0, 0.0]])
    assert np.linalg.norm(other) == pytest.approx(1.0, abs=1e-5)  # rounded to six decimals
    assert 5.0 < axes.angle_degrees("bright", other) < 90.0


@given(st.integers(0, 10_000))
def test_what_is_said_often_enough_wins_over_the_models_own_axis(seed: int) -> None:
    difference = np.random.default_rng(seed).normal(size=SIZE)
    difference[0] = -0.2
    assert not AXES.agreeing(AXES.own("bright"), difference).any()
    direction = AXES.fit("bright", [difference] * 50)
    assert AXES.agreeing(direction, difference).all()


@given(st.integers(0, 10_000))
def test_pairs_that_contradict_each_other_still_give_an_axis(seed: int) -> None:
    difference = np.random.default_rng(seed).normal(size=SIZE)
    direction = AXES.fit("bright", [difference, -difference])
    assert np.isfinite(direction).all()
    assert direction.any()
    assert AXES.angle_degrees("bright", direction) < 90.0


words = st.text(max_size=20)
rows = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4).map(tuple)
pairs = st.lists(st.builds(Pair, words, words, rows), min_size=1, max_size=2).map(tuple)
lessons = st.lists(st.builds(TaughtMacro, words, rows.filter(any), pairs), max_size=2).map(tuple)


@given(st.builds(Taught, words, words, lessons))
def test_what_was_taught_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, taught: Taught
) -> None:
    path = tmp_path_factory.mktemp("taught") / "set.macros.toml"
    write_taught(path, taught)
    assert read_taught(path) == taught
    assert list(path.parent.iterdir()) == [path]


def dense(values: npt.NDArray[np.float32]) -> float:
    """Minus the crest factor of a patch's sound: how little its waveform stands out of its own mean."""
    sound = render_patch(values, note=60, hold_seconds=1.0, length_seconds=1.2, sample_rate=RATE)
    return -float(np.abs(sound).max() / np.sqrt(np.mean(sound**2)))


def test_eight_pairs_teach_another_meaning_to_the_model_that_ships() -> None:
    """A performer to whom "aggressive" is what sounds dense: measured on the patches' sounds."""
    session = load_session()
    model = MacroModel(model_path(session), "cpu")
    sounds = InstrumentSounds(session)
    bank = load_bank()[::2]
    latents = np.array([latent_of(model, sounds.find(patch.name)[1]) for patch in bank])
    heard = np.array([dense(patch.values) for patch in bank])
    rng = np.random.default_rng(1)
    order = rng.permutation(len(bank))
    told, held_out = order[:16], order[16:]
    more = np.where(heard[told[:8]] > heard[told[8:]], told[:8], told[8:])
    than = np.where(heard[told[:8]] > heard[told[8:]], told[8:], told[:8])
    axes = TaughtAxes(model.contract)
    direction = axes.fit("aggressive", latents[more] - latents[than])
    unheard = [(a, b) if heard[a] > heard[b] else (b, a) for a, b in itertools.combinations(held_out, 2)]
    differences = np.array([latents[a] - latents[b] for a, b in unheard])
    before = axes.agreeing(axes.own("aggressive"), differences).mean()
    after = axes.agreeing(direction, differences).mean()
    assert after > before + 0.1


def session_file(folder: Path, text: str = '[device]\nname = "null"\n') -> Path:
    path = folder / "set.toml"
    path.write_text(text, "utf-8")
    return path


def test_teach_show_and_forget(tmp_path: Path) -> None:
    session, path = session_file(tmp_path), tmp_path / "set.macros.toml"
    before = session.read_bytes()
    one, two = ("Glass Choir", "Warm Evening"), ("Deep Sub", "Razor Wire")
    lesson = run_tsumami_json(
        "macros", "teach", str(session), "bright", "--more", one[0], "--than", one[1].upper()
    )
    assert lesson["pairs"] == [list(one)]
    assert (lesson["agree_before"], lesson["agree"], lesson["unmet"]) == (1, 1, [])
    Teaching(session).teach("bright", [two[0]], [two[1]])
    in_turn = path.read_bytes()
    shown = run_tsumami("macros", "show", str(session))
    assert shown.stdout.startswith("bright turned by ")
    assert (
        "2 of 2 pairs agree, 1 before\n  Glass Choir > Warm Evening\n  Deep Sub > Razor Wire" in shown.stdout
    )
    assert run_tsumami_json("macros", "forget", str(session), "bright") == {"forgotten": ["bright"]}
    assert not path.exists()
    Teaching(session).teach("bright", [one[0], two[0], one[0]], [one[1], two[1], one[1]])
    assert path.read_bytes() == in_turn, "in turn, at once or twice, pairs teach the same to the last digit"
    assert session.read_bytes() == before


def test_a_contradiction_is_told_and_kept(tmp_path: Path) -> None:
    session = session_file(tmp_path)
    both = ["Glass Choir", "Warm Evening"]
    Teaching(session).teach("long", ["Glass Choir"], ["Deep Sub"])
    words = ["--more", both[0], "--than", both[1], "--more", both[1], "--than", both[0]]
    done = run_tsumami("macros", "teach", str(session), "bright", *words)
    assert done.returncode == 0
    assert "tsumami: no axis here agrees with all pairs, left out were " in done.stderr
    lessons = Teaching(session).lessons()
    assert [(lesson.macro, len(lesson.pairs), lesson.agree) for lesson in lessons] == [
        ("long", 1, 1),
        ("bright", 2, 1),
    ]
    assert Teaching(session).forget("bright") == ("bright",)
    assert [lesson.macro for lesson in Teaching(session).lessons()] == ["long"]
    assert Teaching(session).forget("bright") == ()


DIFFERENT = (["Deep Sub"], ["Razor Wire"])


@pytest.mark.parametrize(
    ("macro", "more", "than", "said"),
    [
        ("brigt", *DIFFERENT, "macro must be one of bright, .*, got 'brigt'; did you mean bright"),
        ("bright", ["Dep Sub"], ["Razor Wire"], "sound must be .*, got 'Dep Sub'; did you mean Deep Sub"),
        ("bright", ["Deep Sub"], [], "pairs must be one --than for each --more, at least one, got 0 and 1"),
        ("bright", [], [], "at least one, got 0 and 0"),
        ("bright", ["Deep Sub"], ["deep sub"], "two sounds that the macros can tell apart, got 'Deep Sub'"),
        (
            "bright",
            ["Deep Sub"],
            ["a.h2p"],
            "preset must be one of builtin, .* of Diva, which says nothing of",
        ),
    ],
)
def test_what_cannot_be_taught_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, macro: str, more: list[str], than: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    session = session_file(tmp_path)
    (tmp_path / "a.h2p").write_bytes(H2P)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(TsumamiError, match=said):
        Teaching(session).teach(macro, more, than)
    assert sorted(tmp_path.iterdir()) == before


def test_a_mistake_is_one_line(tmp_path: Path) -> None:
    session = session_file(tmp_path)
    done = run_tsumami("macros", "forget", str(session), "brigt")
    assert done.returncode == 2
    assert done.stderr.startswith("tsumami: macro must be one of bright, aggressive")
    assert len(done.stderr.splitlines()) == 1
    with pytest.raises(SessionError, match="session must be a readable file"):
        Teaching(tmp_path / "none.toml")


def test_live_plays_what_was_taught_and_says_so(tmp_path: Path) -> None:
    session = session_file(tmp_path)
    Teaching(session).teach("bright", ["Glass Choir", "Deep Sub"], ["Warm Evening", "Razor Wire"])
    taught = read_taught(taught_path(session))
    assert taught is not None
    played = run_tsumami("live", str(session), "--seconds", "0.2", "--no-demo")
    assert played.returncode == 0
    assert "tsumami: macros as taught in set.macros.toml: bright by 2 pairs\n" in played.stderr
    setup = set_up(load_session(session), session)
    assert setup.config.macro_axes[0] == taught.macros[0].direction
    assert setup.config.macro_axes[1:] == tuple(map(tuple, np.eye(8, 32)[1:].tolist()))
    untouched = set_up(load_session(session), tmp_path / "other.toml")
    assert (untouched.config.macro_axes, untouched.note) == ((), "")


def test_a_taught_knob_moves_the_latent_along_its_axis() -> None:
    model = str(model_path(load_session()))
    contract = read_contract(model)
    axes = TaughtAxes(contract)
    direction = axes.fit("bright", np.random.default_rng(3).normal(size=(8, axes.size)))
    rows = [direction.tolist(), *(axes.own(name).tolist() for name in axes.names[1:])]
    values = load_bank()[20].values
    ends = []
    for position in (0.0, 1.0):
        processor = load_macros(model, "cpu", PARAMETERS, rows).processor
        processor.load(values)
        assert processor.values.tobytes() == values.tobytes()
        processor.move(0, 0.5)
        processor.move(0, position)
        settle(processor)
        ends.append(processor.values.copy())
    low, high = (encoded(model, end) for end in ends)
    moved = high - low
    # The whole range, 4, but for what a parameter that meets its end keeps of it.
    assert moved @ direction == pytest.approx(4.0, rel=0.1)
    assert moved @ direction / np.linalg.norm(moved) > 0.8


def encoded(model: str, values: npt.NDArray[np.float32]) -> Array:
    loaded = MacroModel(model, "cpu")
    continuous = len(loaded.contract.continuous)
    choices = [
        round(float(value) * (len(row.choices) - 1))
        for row, value in zip(PARAMETERS[continuous:], values[continuous:], strict=True)
    ]
    return np.array(loaded.encode(values[:continuous], loaded.context_of(choices)), np.float64)


def settle(processor: MacroProcessor) -> None:
    while processor.is_moving:
        processor.tick(0.02)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("sha256 = ", "sha256 = 'of another' # "), "about the session's model, got what another"),
        (("direction = [", "direction = [nan,"), "must hold numbers and directions with a length"),
        (("direction = [", "direction = [0.5,"), "must fit the model, got 'bright' that it has not so"),
        (('name = "bright"', 'name = "dim"'), "must fit the model, got 'dim'"),
        (("[[macro]]", "[[macro"), "must be as `tsumami macros teach` writes it"),
        (("more = ", "most = "), "must be as `tsumami macros teach` writes it"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_stops_no_show(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    session = session_file(tmp_path)
    path = taught_path(session)
    axes = TaughtAxes(read_contract(model_path(load_session())))
    pair = Pair("A", "B", tuple(axes.own("long").tolist()))
    sha256 = "0" * 64
    taught = Taught("macros.onnx", sha256, (TaughtMacro("bright", tuple(axes.own("bright")), (pair,)),))
    write_taught(path, taught)
    own = model_hash(model_path(load_session()))
    text = path.read_text("utf-8").replace(sha256, own)
    path.write_text(text.replace(*change), "utf-8")
    setup = set_up(load_session(session), session)
    assert setup.config.macro_axes == ()
    assert setup.note.startswith("playing the model's own macros: ")
    assert said in setup.note
    assert len(setup.note.splitlines()) == 1
    assert len(Teaching(session).forget(None)) > 0
    assert not path.exists()


def test_a_model_of_some_parameters_has_its_own_macros_and_leaves_the_rest(tmp_path: Path) -> None:
    unison = next(row for row in PARAMETERS if row.name == "unison")
    rows = (ModelParameter("cutoff"), ModelParameter("unison", unison.choices), ModelParameter("resonance"))
    (tmp_path / "two.onnx").write_bytes(macros_model(dataclasses.replace(MACROS, parameters=rows)))
    session = session_file(tmp_path, '[macros]\nmodel = "two.onnx"\n')
    setup = set_up(load_session(session), session)
    assert setup.macros == ("bright", "long")
    assert [(entry.cc, entry.macro) for entry in setup.session.maps] == [(20, "bright"), (21, "long")]
    assert setup.config.macro_model is not None
    processor = load_macros(setup.config.macro_model, "cpu", PARAMETERS).processor
    values = load_bank()[3].values
    processor.load(values)
    for position in (0.5, 1.0):
        processor.move(0, position)
    settle(processor)
    names = [row.name for row in PARAMETERS]
    assert [names[row] for row in np.flatnonzero(processor.values != values)] == ["cutoff"]
    lesson = Teaching(session).teach("long", ["Glass Choir"], ["Deep Sub"])
    assert lesson.agree == 1


def test_a_session_of_a_plugin_needs_a_model_of_its_own(tmp_path: Path) -> None:
    session = session_file(tmp_path, '[instrument]\nkind = "plugin"\npath = "a.vst3"\n')
    with pytest.raises(SessionError, match=r"macros\.model must be a model of the plugin, got builtin"):
        Teaching(session)


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    session = session_file(tmp_path)
    taught_path(session).mkdir()
    with pytest.raises(TsumamiError, match="must be as `tsumami macros teach` writes it"):
        Teaching(session).lessons()
    with pytest.raises(SessionError, match="folder of the session must be one that can be written to"):
        write_taught(taught_path(session), Taught("a", "b"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set.macros.toml", "set.toml"]


def test_a_diva_owner_teaches_by_presets_without_the_plugin_being_loaded(tmp_path: Path) -> None:
    rows = (
        ModelParameter("VCF1: Frequency"),
        ModelParameter("VCC: GlideMode", ("time", "rate", "neither")),
        ModelParameter("ENV1: Attack"),
    )
    model = dataclasses.replace(MACROS, parameters=rows, instrument="Diva")
    (tmp_path / "diva.onnx").write_bytes(macros_model(model))
    (tmp_path / "bank").mkdir()
    for name, frequency, attack in (("Open", 140, 5), ("Shut", 40, 60)):
        text = h2p_text({"VCF1: Frequency": f"{frequency}", "ENV1: Attack": f"{attack}"})
        (tmp_path / "bank" / f"{name}.h2p").write_text(text, encoding="latin-1")
    session = session_file(
        tmp_path,
        '[macros]\nmodel = "diva.onnx"\n[instrument]\nkind = "plugin"\npath = "Diva.vst3"\nbank = "bank"\n',
    )
    lesson = Teaching(session).teach("bright", ["Open"], [str(tmp_path / "bank" / "Shut.h2p")])
    assert (lesson.agreed_before, lesson.agree) == (1, 1)
    with pytest.raises(TsumamiError, match=r"one of Open, Shut, got 'Opn'; did you mean Open"):
        Teaching(session).teach("bright", ["Opn"], ["Shut"])
