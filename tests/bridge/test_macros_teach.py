"""`tsumami macros`: what is kept of pairs of sounds, the commands as they are run, and live play with it."""

import dataclasses
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command import run_tsumami, run_tsumami_json
from tests.engine.onnx_models import MACROS, macros_model
from tests.plugins.preset_files import H2P, h2p_text
from tsumami.bridge.macros.taught import Pair, Taught, TaughtMacro, read_taught, taught_path, write_taught
from tsumami.bridge.macros.taught_axis import TaughtAxes
from tsumami.bridge.macros.taught_session import model_hash
from tsumami.bridge.macros.teaching import Teaching
from tsumami.bridge.session.session import load_session
from tsumami.bridge.session.setup import model_path, set_up
from tsumami.engine import EngineClient, MacroModel, MacroProcessor, TsumamiError
from tsumami.engine.errors import ModelError, SessionError
from tsumami.engine.events import Kind, event
from tsumami.engine.inference.contract import Latent, ModelParameter
from tsumami.engine.inference.contract_file import read_contract
from tsumami.engine.macros.loading import load_macros
from tsumami.plugins import PARAMETERS, load_bank

Array = npt.NDArray[np.float64]

words = st.text(max_size=20)
rows = st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=4).map(tuple)
pairs = st.lists(st.builds(Pair, words, words, rows), min_size=1, max_size=2).map(tuple)
lessons = st.lists(
    st.builds(TaughtMacro, words, rows.filter(lambda row: max(map(abs, row)) > 1e-5), pairs), max_size=2
).map(tuple)


@given(st.builds(Taught, words, words, lessons))
def test_what_was_taught_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, taught: Taught
) -> None:
    path = tmp_path_factory.mktemp("taught") / "set.macros.toml"
    write_taught(path, taught)
    assert read_taught(path) == taught
    assert list(path.parent.iterdir()) == [path]


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


def test_the_engine_turns_knobs_as_they_were_taught(tmp_path: Path) -> None:
    session = session_file(tmp_path)
    Teaching(session).teach("bright", ["Glass Choir", "Deep Sub"], ["Warm Evening", "Razor Wire"])
    setup = set_up(load_session(session), session)
    assert setup.config.macro_model is not None
    wanted = load_macros(setup.config.macro_model, "cpu", PARAMETERS, setup.config.macro_axes).processor
    wanted.load(setup.config.values)
    engine = EngineClient(setup.config, lambda _: None)
    try:
        engine.launch()
        engine.wait_ready()
        for position in (0.5, 0.9):
            wanted.move(0, position)
            engine.move(event(Kind.MACRO, 0, position))
        settle(wanted)
        deadline = time.monotonic() + 30.0
        while not np.array_equal(engine.memory.meters["parameters"][: len(PARAMETERS)], wanted.values):
            assert time.monotonic() < deadline, "the engine's parameters are others"
            time.sleep(0.01)
    finally:
        engine.stop()
        engine.close()


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
        (("direction = [\n    1.0,", "direction = [1e99,"), "must hold numbers and directions with a length"),
        (("direction = [\n    1.0,", "direction = [0.0,"), "must hold numbers and directions with a length"),
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
    with pytest.raises(SessionError, match="`tsumami macros forget` removes it"):
        Teaching(session).lessons()
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


def test_a_model_without_macros_cannot_be_taught(tmp_path: Path) -> None:
    unnamed = tuple(Latent(f"latent {row}", "", "", -2.0, 2.0) for row in (1, 2))
    (tmp_path / "two.onnx").write_bytes(macros_model(dataclasses.replace(MACROS, latents=unnamed)))
    with pytest.raises(ModelError, match=r"must have macros to be taught, got none in two\.onnx"):
        Teaching(session_file(tmp_path, '[macros]\nmodel = "two.onnx"\n'))


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
