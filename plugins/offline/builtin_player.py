"""The built-in synthesizer, offline: a new one for every sound, which costs nothing."""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.events import NO_EVENTS, Events, Kind, event
from tsumami.engine.stage import run_stage
from tsumami.plugins.builtin.parameters import PARAMETERS, default_values
from tsumami.plugins.builtin.state import POLYPHONY
from tsumami.plugins.builtin.synth import BuiltinSynth
from tsumami.plugins.offline.messages import Sound
from tsumami.plugins.offline.score import score_of
from tsumami.plugins.offline.settings import RenderSettings

_NOTE_OFF, _NOTE_ON, _CONTROL, _PRESSURE, _BEND = 0x8, 0x9, 0xB, 0xD, 0xE
_CONTROL_KINDS: Final = {64: Kind.SUSTAIN, 120: Kind.ALL_SOUND_OFF, 123: Kind.ALL_NOTES_OFF}
_LARGEST = 127.0
_BEND_CENTRE = 8192


class BuiltinPlayer:
    """See `tsumami.plugins.offline.player.Player`. It needs no warm-up: a patch is in place at once."""

    parameters = tuple(parameter.name for parameter in PARAMETERS)
    latency_samples = 0

    def __init__(self, settings: RenderSettings) -> None:
        score = score_of(settings)
        self.defaults = default_values()
        self._sample_rate, self._frames = settings.sample_rate, score.frames
        self._events = _events(score.messages)
        self._polyphony = 1 if settings.midi is None else POLYPHONY

    def reload(self) -> None:
        """Nothing to replace."""

    def play(self, sound: Sound) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Audio ``[2, frames]``, and the positions."""
        synth = BuiltinSynth(self._polyphony)
        synth.prepare(self._sample_rate, self._frames)
        synth.set_parameters(sound.values)
        return run_stage(synth, self._frames, self._events), sound.values


def _events(messages: tuple[tuple[int, bytes], ...]) -> Events:
    found = [_event(time, data) for time, data in messages]
    return np.concatenate([item for item in found if item is not None] or [NO_EVENTS])


def _event(time: int, data: bytes) -> Events | None:
    """The engine's event for a MIDI message, None for one that the synthesizer does not answer."""
    status = data[0] >> 4
    if status == _NOTE_ON and data[2]:
        return event(Kind.NOTE_ON, data[1], data[2] / _LARGEST, time=time)
    if status in (_NOTE_ON, _NOTE_OFF):
        return event(Kind.NOTE_OFF, data[1], data[2] / _LARGEST, time=time)
    if status == _BEND:
        return event(Kind.PITCH_BEND, value=((data[2] << 7 | data[1]) / _BEND_CENTRE) - 1.0, time=time)
    if status == _PRESSURE:
        return event(Kind.PRESSURE, -1, data[1] / _LARGEST, time=time)
    if status == _CONTROL and data[1] in _CONTROL_KINDS:
        return event(_CONTROL_KINDS[data[1]], value=data[2] / _LARGEST, time=time)
    return None
