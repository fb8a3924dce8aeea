"""What a controller shows: its rings of lights and motor faders follow what others move."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from tsumami.bridge.mapping import Knob, Mapping
from tsumami.bridge.mapping.takeover import Where
from tsumami.bridge.midi.output_port import OutputPort
from tsumami.bridge.midi.parser import Message, Status
from tsumami.bridge.session.tables import Midi
from tsumami.engine.events import Kind

_STEP_SECONDS: Final = 0.03
_MOST: Final = 24
"""Messages of a step: 2.4 kB a second, of the 3.1 that a MIDI cable carries."""
_HELD_SECONDS: Final = 0.3
"""After its last message a knob may be in somebody's hand: a motor would work against it."""
_SHOWN: Final = (
    Kind.MACRO,
    Kind.LATENT,
    Kind.PARAMETER,
    Kind.GAIN,
    Kind.EFFECT,
    Kind.BYPASS,
    Kind.MORPH,
    Kind.LOOP,
    Kind.REPAIR,
    Kind.GROOVE,
)


@dataclass(slots=True)
class _Light:
    """One knob of the controller, and what it shows."""

    knob: Knob
    channel: int
    shown: int = -1
    heard_at: float = -float("inf")


class Feedback:
    """Sends the controller at port ``midi.feedback`` where the targets of its knobs stand.

    `hear` takes what comes from it, so that it is not sent back what it has just said, and is answered on
    the channel that it uses. Everything is sent when it is connected, and again when it comes back.
    """

    def __init__(self, midi: Midi, mapping: Mapping, where: Where, report: Callable[[str], None]) -> None:
        self._where = where
        self.remap(mapping)
        port = msgspec.structs.replace(midi, output=midi.feedback)
        self._port = OutputPort(port, f"where {len(self._lights)} knobs stand", report)
        self._connection = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tsumami-feedback", daemon=True)

    def remap(self, mapping: Mapping) -> None:
        """Go by another mapping from now on."""
        lights: dict[int, _Light] = {}
        for (channel, source), knobs in sorted(mapping.table.items()):
            if source.kind == "cc" and knobs[0].target.kind in _SHOWN:
                lights.setdefault(source.number, _Light(knobs[0], channel))
        self._lights = lights

    def open(self) -> None:
        """Connect and begin to send; raises `NoMidiError` if MIDI does not run."""
        self._port.open()
        self._thread.start()

    def wait(self) -> None:
        """Begin as soon as there is a MIDI system, after `open` has found none."""
        self._thread.start()

    def close(self) -> None:
        """Send no more; the controller shows what it showed last."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._port.close()

    def hear(self, message: Message) -> None:
        """Take in what the controller says; any thread may call it."""
        light = self._lights.get(message.data1) if message.status is Status.CONTROL_CHANGE else None
        if light is not None:
            light.channel, light.heard_at = message.channel, time.monotonic()
            if light.knob.takeover != "relative":
                light.shown = message.data2

    def due(self) -> list[bytes]:
        """The messages that are to be sent now."""
        messages: list[bytes] = []
        now = time.monotonic()
        for cc, light in self._lights.items():
            value = self._where(light.knob.target)
            if value is None or now - light.heard_at < _HELD_SECONDS or len(messages) == _MOST:
                continue
            shown = round(127 * light.knob.position(value))
            if shown != light.shown:
                light.shown = shown
                messages.append(bytes((Status.CONTROL_CHANGE | light.channel, cc, shown)))
        return messages

    def _run(self) -> None:
        """Body of the thread."""
        while not self._stop.wait(_STEP_SECONDS):
            self._port.look()
            if not self._port.name:
                continue
            if self._connection != self._port.connections:
                self._connection = self._port.connections
                for light in self._lights.values():
                    light.shown = -1
            self._port.send(self.due())
