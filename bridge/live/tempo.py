"""The tempo of a live session: who leads it, the rates that keep to it, and MIDI clock for others."""

from collections.abc import Callable, Iterable

from tsumami.bridge.loops.live_loop import LiveLoop
from tsumami.bridge.midi.clock_messages import ClockMessages
from tsumami.bridge.router import Router
from tsumami.bridge.session.setup import Setup
from tsumami.bridge.session.tables import Tempo as TempoTable
from tsumami.bridge.tempo import Tempo
from tsumami.bridge.tempo.clock_sender import ClockSender
from tsumami.bridge.tempo.outer_clock import OuterClock, make_clock
from tsumami.bridge.tempo.rates import Rates
from tsumami.engine import EngineClient
from tsumami.engine.errors import TsumamiError
from tsumami.engine.events import Kind


class LiveTempo:
    """Everything of a session that has to do with its tempo.

    ``heard`` is the MIDI clock of its inputs. `follow` is called some ten times a second.
    """

    def __init__(
        self,
        setup: Setup,
        client: EngineClient,
        router: Router,
        heard: ClockMessages,
        tell: Callable[[str], None],
    ) -> None:
        table, self._stands = setup.session.tempo, router.positions
        self._tell = tell
        self.tempo = Tempo(table.bpm, self._leader(setup, heard), tell)
        positions = client.memory.meters["parameters"]
        self._rates = Rates(setup.session.syncs, setup.parameters, positions, router.route)
        has_loop = setup.session.loop.kind != "none"
        self._matters = table != TempoTable() or bool(setup.session.syncs) or has_loop
        self._sender: ClockSender | None = None
        self._loop = LiveLoop(setup.session.loop, client, self.tempo, router.positions) if has_loop else None

    def send(self, send: Callable[[Iterable[bytes]], None]) -> None:
        """Send MIDI clock from now on."""
        self._sender = ClockSender(self.tempo, send)
        self._sender.open()

    def follow(self) -> str:
        """Hear who leads, and put right what keeps to the tempo; says how it stands, where that matters."""
        self.tempo.follow()
        self._stands.put(Kind.TEMPO, 0, self.tempo.beat.bpm)
        self._rates.follow(self.tempo.beat.bpm)
        if self._loop is not None:
            self._loop.follow()
        return self.tempo.state if self._matters or self.tempo.starts else ""

    def close(self) -> None:
        """Send no more, and listen to nobody."""
        if self._sender is not None:
            self._sender.close()
        self.tempo.close()

    def _leader(self, setup: Setup, heard: ClockMessages) -> OuterClock | None:
        """The clock that leads; None where the session does, or where it cannot be heard, which is told."""
        source = setup.session.tempo.source
        if source == "own":
            return None
        clock = make_clock(source, heard)
        try:
            clock.open()
        except TsumamiError as error:
            self._tell(f"no tempo from outside: {error}")
            return None
        return clock
