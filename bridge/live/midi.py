"""The MIDI of a live session: its inputs, and the output to a synthesizer outside."""

from collections.abc import Callable, Iterable, Sequence

from tsumami.bridge.mapping import Mapping, Target
from tsumami.bridge.mapping.takeover import Apart
from tsumami.bridge.midi import Control, Controls, Message, MidiInputs, MidiOutput, PortChange
from tsumami.bridge.midi.clock_messages import ClockMessages
from tsumami.bridge.midi.feedback import Feedback
from tsumami.bridge.midi.system import NoMidiError
from tsumami.bridge.router import Router
from tsumami.bridge.session.setup import Setup
from tsumami.bridge.session.tables import Session
from tsumami.engine import EngineClient
from tsumami.engine.errors import DeviceError
from tsumami.engine.events import Events


class LiveMidi:
    """Opens what the session asks for.

    ``sink`` takes what is played, on the MIDI thread; ``tell`` shows a sentence.
    """

    def __init__(
        self,
        setup: Setup,
        macros: Sequence[str],
        client: EngineClient,
        router: Router,
        sink: Callable[[Events], None],
        tell: Callable[[str], None],
    ) -> None:
        self._setup, self._session = setup, setup.session
        self._parameters = [parameter.name for parameter in setup.parameters]
        self._macros = macros
        self._client, self._router = client, router
        self._sink, self._tell = sink, tell
        self._inputs: MidiInputs | None = None
        self._output: MidiOutput | None = None
        self._feedback: Feedback | None = None
        self.clock = ClockMessages()
        """MIDI clock that has come, where the session follows it."""
        self.learn: Callable[[Message], None] | None = None
        """What hears every message, on the MIDI thread."""

    @property
    def connected(self) -> tuple[str, ...]:
        """Names of the inputs that are open, the virtual one apart."""
        return () if self._inputs is None else tuple(name for name in self._inputs.names if name != "tsumami")

    @property
    def sent(self) -> int:
        """Messages that the output has sent."""
        return 0 if self._output is None else self._output.sent

    @property
    def source(self) -> str:
        """What is listened to and what is played, in few words."""
        names = () if self._inputs is None else self._inputs.names
        listened = ", ".join(names) or "no MIDI"
        return f"{listened} → {self._output.name or 'nowhere yet'}" if self._output is not None else listened

    def open(self) -> None:
        """Open the output, then the inputs; says what MIDI refuses."""
        if self._session.has_midi_output:
            self._open_output()
        self._open_inputs()

    def send(self, messages: Iterable[bytes]) -> None:
        """Send messages to the output, where there is one; any thread may call it."""
        if self._output is not None:
            self._output.send(messages)

    def distances(self) -> dict[Target, Apart]:
        """How far knobs have to turn until they take their targets over."""
        return {} if self._inputs is None else self._inputs.distances()

    def stop_listening(self) -> None:
        """Close the inputs; what they hold is let go."""
        if self._inputs is not None:
            self._inputs.close()
            self._inputs = None

    def close(self) -> None:
        """Close the inputs, then the output, where no note is left sounding."""
        self.stop_listening()
        self._router.forward = None
        if self._feedback is not None:
            self._feedback.close()
        if self._output is not None:
            self._output.close()

    def _open_output(self) -> None:
        meters = self._client.memory.meters
        output = MidiOutput(
            self._session.midi,
            Controls(_controls(self._session, self._parameters), meters["parameters"]),
            lambda: int(meters["sample"]),
            self._tell,
        )
        if not self._is_opened(output, "MIDI output"):
            return
        self._output = output
        self._router.forward = output.play

    def _open_inputs(self) -> None:
        mapping = self._setup.mapping(self._macros)
        where = self._router.positions
        if self._session.midi.feedback is not None:
            feedback = Feedback(self._session.midi, mapping, where, self._tell)
            self._feedback = feedback if self._is_opened(feedback, "feedback") else None
        inputs = MidiInputs(
            self._session.midi,
            mapping,
            self._sink,
            self._hear,
            where=where,
            hear=self._hear_message,
            clock=self.clock if self._session.tempo.source == "midi" else None,
        )
        if self._is_opened(inputs, "MIDI"):
            self._inputs = inputs

    def remap(self, mapping: Mapping) -> None:
        """Go by another mapping from now on."""
        if self._inputs is not None:
            self._inputs.remap(mapping)
        if self._feedback is not None:
            self._feedback.remap(mapping)

    def _hear_message(self, message: Message) -> None:
        """Of the MIDI thread."""
        if self._feedback is not None:
            self._feedback.hear(message)
        if self.learn is not None:
            self.learn(message)

    def _is_opened(self, end: MidiInputs | MidiOutput | Feedback, name: str) -> bool:
        """Open one end, or say why not; where there is no MIDI system it waits for one."""
        try:
            end.open()
        except NoMidiError as error:
            self._tell(f"no {name}: {error}; it is looked for")
            end.wait()
        except DeviceError as error:
            self._tell(f"no {name}: {error}")
            return False
        return True

    def _hear(self, change: PortChange) -> None:
        self._tell(str(change))


def _controls(session: Session, parameters: Sequence[str]) -> list[Control]:
    """The session's sends with names turned into rows of ``parameters``."""
    return [
        Control(parameters.index(send.parameter), send.cc, send.channel - 1, send.low, send.high)
        for send in session.sends
    ]
