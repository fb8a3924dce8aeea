import pytest

from tsumami.bridge.groove.control import GrooveControl
from tsumami.bridge.mapping import Mapping, Source, Target, compile_mapping
from tsumami.bridge.mapping.rivals import rivals
from tsumami.bridge.session.map_tables import LATENTS
from tsumami.bridge.session.session import MACRO_NAMES, Input, Map, Midi, Output, Session
from tsumami.bridge.session.tables import Groove
from tsumami.engine.errors import SessionError
from tsumami.engine.events import Kind
from tsumami.engine.inference.contract_file import read_contract
from tsumami.engine.models import shipped_model
from tsumami.engine.restoration.repair_control import LONGEST_HOLD_SECONDS, RepairControl


def targets(mapping: Mapping, channel: int, cc: int) -> tuple[Target, ...]:
    return tuple(knob.target for knob in mapping.knobs(channel, Source("cc", cc)))


def test_default_knobs_reach_their_macros_on_every_channel() -> None:
    mapping = compile_mapping(Session(), macros=MACRO_NAMES, parameters=[])
    for channel in range(16):
        for index in range(8):
            (target,) = targets(mapping, channel, 20 + index)
            assert (target.kind, target.index) == (Kind.MACRO, index)
    assert mapping.channels == frozenset(range(16))


def test_names_become_rows_of_the_given_tables() -> None:
    session = Session(maps=[Map(cc=5, macro="wide"), Map(cc=6, parameter="pan")])
    mapping = compile_mapping(session, macros=["wide", "bright"], parameters=["cutoff", "pan"])
    assert [(t.kind, t.index) for t in targets(mapping, 0, 5)] == [(Kind.MACRO, 0)]
    assert [(t.kind, t.index) for t in targets(mapping, 0, 6)] == [(Kind.PARAMETER, 1)]


def test_one_knob_may_move_several_things_in_the_file_s_order() -> None:
    session = Session(maps=[Map(cc=5, gain=True), Map(cc=5, macro="bright")])
    mapping = compile_mapping(session, macros=["bright"], parameters=[])
    assert [target.kind for target in targets(mapping, 3, 5)] == [Kind.GAIN, Kind.MACRO]


def test_channels_of_the_file_count_from_one() -> None:
    session = Session(maps=[Map(cc=5, channel=10, macro="bright")], midi=Midi(channel=16))
    mapping = compile_mapping(session, macros=["bright"], parameters=[])
    assert [channel for channel in range(16) if targets(mapping, channel, 5)] == [9]
    assert mapping.channels == {15}


def test_position_is_the_value_of_a_macro() -> None:
    (target,) = targets(compile_mapping(Session(), macros=MACRO_NAMES, parameters=[]), 0, 20)
    assert [target.value(position) for position in (0.0, 0.3, 1.0)] == [0.0, 0.3, 1.0]


def test_gain_knob_goes_from_silence_to_the_session_s_gain() -> None:
    session = Session(maps=[Map(cc=7, gain=True)], output=Output(gain_db=-6.0))
    (target,) = targets(compile_mapping(session, macros=[], parameters=[]), 0, 7)
    full = 10 ** (-6 / 20)
    assert target.value(0.0) == 0.0
    assert target.value(1.0) == full
    assert target.value(0.1) == pytest.approx(full / 100)  # 40 dB per decade


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SessionError, match=r"map\[0\].macro must be one of wide, got 'bright'"):
        compile_mapping(Session(), macros=["wide"], parameters=[])


def test_a_patch_name_is_no_matter_of_the_mapping() -> None:
    session = Session(maps=[])
    assert compile_mapping(session, macros=[], parameters=[]).table == {}


def test_controllers_that_no_map_takes_go_out() -> None:
    session = Session(maps=[Map(cc=5, macro="wide")], midi=Midi(output="box"))
    mapping = compile_mapping(session, macros=["wide"], parameters=[])
    assert targets(mapping, 3, 5) == (Target(Kind.MACRO, 0),)
    assert targets(mapping, 3, 74) == (Target(Kind.CONTROL, 74),)
    for bank_select in (0, 32):  # of a program change, which chooses patches here
        assert targets(mapping, 3, bank_select) == ()


def test_dimensions_of_the_latent_the_repair_and_the_groove_are_targets() -> None:
    maps = [Map(cc=5, latent=3), Map(cc=6, repair="on"), Map(cc=7, repair="hold"), Map(cc=8, groove="reset")]
    session = Session(maps=maps, input=Input(source="device", repair=True), groove=Groove(on=True))
    mapping = compile_mapping(session, macros=[], parameters=[], latents=4)
    assert targets(mapping, 0, 5) == (Target(Kind.LATENT, 3),)
    assert targets(mapping, 0, 6) == (Target(Kind.REPAIR, RepairControl.ON),)
    assert targets(mapping, 0, 8) == (Target(Kind.GROOVE, GrooveControl.RESET),)
    assert [target.value(1.0) for target in targets(mapping, 0, 7)] == [LONGEST_HOLD_SECONDS]
    with pytest.raises(SessionError, match=r"map\[0\].latent must be one of 0, 1, 2, got '3'"):
        compile_mapping(session, macros=[], parameters=[], latents=3)
    with pytest.raises(SessionError, match=r"map\[0\].latent must be left out, for there are none, got '3'"):
        compile_mapping(session, macros=[], parameters=[])


def test_the_model_that_ships_has_as_many_macros_and_dimensions_as_is_said_without_it() -> None:
    model = shipped_model("builtin")
    assert model is not None
    latents = read_contract(model).latents
    assert [latent.name for latent in latents[: len(MACRO_NAMES)]] == list(MACRO_NAMES)
    assert len(latents) == LATENTS


def test_a_map_says_how_far_its_target_goes_and_how() -> None:
    entry = Map(cc=5, macro="wide", low=0.75, high=0.25, curve="exponential", takeover="pickup")
    mapping = compile_mapping(Session(maps=[entry]), macros=["wide"], parameters=[])
    (knob,) = mapping.knobs(0, Source("cc", 5))
    assert (knob.value(0.0), knob.value(1.0)) == (0.75, 0.25)
    assert 0.7 < knob.value(0.5) < 0.75, "rises late, and is turned over"
    assert knob.takeover == "pickup"


def test_bends_pressure_and_numbers_are_sources() -> None:
    maps = [Map(bend=True, gain=True), Map(pressure=True, gain=True), Map(nrpn=300, gain=True)]
    mapping = compile_mapping(
        Session(maps=[*maps, Map(rpn=1, channel=3, gain=True)]), macros=[], parameters=[]
    )
    for source in (Source("bend"), Source("pressure"), Source("nrpn", 300)):
        assert mapping.knobs(7, source)
    assert mapping.knobs(2, Source("rpn", 1))
    assert not mapping.knobs(3, Source("rpn", 1))


def test_fine_halves_are_neither_mapped_nor_sent_on() -> None:
    wide = Map(cc=5, bits=14, gain=True)
    mapping = compile_mapping(Session(maps=[wide], midi=Midi(output="box")), macros=[], parameters=[])
    assert targets(mapping, 0, 37) == ()
    with pytest.raises(SessionError, match=r"map\[1\].cc must be another than 37, the fine half of map\[0\]"):
        compile_mapping(Session(maps=[wide, Map(cc=37, gain=True)]), macros=[], parameters=[])


def test_knobs_that_take_a_target_from_each_other_are_told() -> None:
    maps = [
        Map(cc=20, macro="bright"),
        Map(cc=21, macro="bright", channel=3),
        Map(nrpn=5, macro="bright"),
        Map(cc=22, gain=True),
        Map(cc=23, gain=True, takeover="pickup"),
        Map(cc=24, action="undo"),
        Map(cc=25, action="undo"),
    ]
    (said,) = rivals(maps)
    assert said.startswith("CC 20, CC 21 of channel 3 and NRPN 5 make macro bright jump to and fro")
    assert not list(rivals(maps[3:]))
    assert not list(rivals([Map(cc=20, macro="bright"), Map(cc=20, macro="bright", low=0.5)])), "one knob"
