"""What a controller is shown, over a real JACK server."""

import time

import numpy as np
import pytest

from tests.bridge.test_midi_output import synth, wait_for
from tsumami.bridge.mapping import Mapping, Positions, compile_mapping
from tsumami.bridge.midi import Message, Status
from tsumami.bridge.midi.feedback import Feedback
from tsumami.bridge.session.session import Map, Midi, Session
from tsumami.engine.events import Kind, event

PARAMETERS = ("cutoff", "pan")


def mapping() -> Mapping:
    maps = [
        Map(cc=20, channel=3, parameter="cutoff"),
        Map(cc=21, parameter="pan", low=1.0, high=0.0),
        Map(cc=22, macro="bright"),
        Map(cc=23, action="panic"),
    ]
    return compile_mapping(Session(maps=maps), macros=("bright",), parameters=PARAMETERS)


class Stage:
    def __init__(self) -> None:
        self.parameters = np.array([0.5, 0.25])
        self.positions = Positions(self.parameters)
        self.news: list[str] = []
        midi = Midi(api="jack", feedback="lights")
        self.feedback = Feedback(midi, mapping(), self.positions, self.news.append)


def heard(cc: int, value: int, channel: int = 0) -> Message:
    return Message(Status.CONTROL_CHANGE, channel, cc, value)


def test_only_what_others_have_moved_is_sent() -> None:
    stage = Stage()
    known = {bytes((0xB2, 20, 64)), bytes((0xB0, 21, 95))}
    assert set(stage.feedback.due()) == known, "the macro is not known yet, and a button shows nothing"
    assert stage.feedback.due() == []
    stage.positions.note(event(Kind.MACRO, 0, 1.0))
    assert stage.feedback.due() == [bytes((0xB0, 22, 127))]


def test_a_knob_is_left_alone_in_the_hand_and_not_told_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    stage = Stage()
    stage.feedback.due()
    stage.feedback.hear(heard(21, 10, channel=5))
    stage.parameters[1] = 1.0 - 10 / 127
    assert stage.feedback.due() == []
    now += 1.0
    assert stage.feedback.due() == [], "it stands there already"
    stage.parameters[1] = 1.0
    assert stage.feedback.due() == [bytes((0xB5, 21, 0))], "on the channel that it speaks on"


@pytest.mark.usefixtures("jack_server")
def test_a_controller_that_comes_back_is_told_everything() -> None:
    stage = Stage()
    stage.feedback.open()
    try:
        for _ in range(2):
            with synth("lights") as lights:
                wait_for(lambda: [0xB2, 20, 64] in lights.heard and [0xB0, 21, 95] in lights.heard)
                stage.parameters[0] = 1.0
                wait_for(lambda: [0xB2, 20, 127] in lights.heard)
                stage.parameters[0] = 0.5
            wait_for(lambda: stage.news[-1] == "MIDI output 'lights:in' is gone: waiting for it")
    finally:
        stage.feedback.close()
