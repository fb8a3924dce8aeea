"""A session's MIDI output: what is played, at once, and the parameters, as control changes."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterable

from tsumami.bridge.midi.controls import Controls
from tsumami.bridge.midi.output_port import OutputPort
from tsumami.bridge.session.tables import Midi
from tsumami.engine.events import NOW, Events, Kind
from tsumami.plugins.hosted.midi_bytes import midi_messages

_STEP_SECONDS = 0.004
_MOST_CONTROLS = 3
_LOOK_SECONDS = 0.05
"""Often enough that a synthesizer started again by a script is not taken for the one before."""
_SILENCING = (Kind.ALL_NOTES_OFF, Kind.ALL_SOUND_OFF)


class MidiOutput:
    """Plays an external synthesizer: `play` takes events, a thread of its own sends ``controls``.

    Notes, pedals, bends, pressure and controllers go out in the thread that calls `play`, without a
    detour; an event with a time waits until ``clock``, in samples, has reached it.

    The sender looks at the parameters every 4 ms, as often as the macros move them, and sends at most
    three control changes each time: 750 a second, 2250 of the 3125 bytes that a MIDI cable carries in a
    second (31,250 baud, ten bits a byte). The rest is for notes. A knob that moves twenty parameters has
    them all out within 28 ms, and again as they move on.
    """

    def __init__(
        self,
        midi: Midi,
        controls: Controls,
        clock: Callable[[], int],
        report: Callable[[str], None],
    ) -> None:
        self._controls = controls
        self._clock = clock
        count = len(controls)
        self._port = OutputPort(midi, f"notes and {count} parameter{'s' * (count != 1)}", report)
        self._waiting: list[tuple[int, int, bytes]] = []  # heap: time, order of arrival, message
        self._order = itertools.count()
        self._lock = threading.Lock()  # of what is waiting
        self._known_connection = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tsumami-midi-out", daemon=True)

    @property
    def api(self) -> str:
        """The MIDI system in use, once open."""
        return self._port.api

    @property
    def name(self) -> str:
        """Name of the port, empty while it is waited for."""
        return self._port.name

    @property
    def sent(self) -> int:
        """Messages sent so far."""
        return self._port.sent

    def open(self) -> None:
        """Connect and begin to send; raises `NoMidiError` if MIDI does not run."""
        self._port.open()
        self._thread.start()

    def wait(self) -> None:
        """Begin as soon as there is a MIDI system, after `open` has found none."""
        self._thread.start()

    def play(self, events: Events) -> None:
        """Send what MIDI has words for; any thread may call it."""
        for time_samples, _stamp_ns, value, index, kind, channel in events.tolist():
            messages = midi_messages(kind, channel, index, value)
            if time_samples != NOW:
                self._keep(time_samples, messages)
            elif kind in _SILENCING:
                self._silence(messages)
            else:
                self._port.send(messages)

    def send(self, messages: Iterable[bytes]) -> None:
        """Send messages as they are, at once; any thread may call it."""
        self._port.send(messages)

    def close(self) -> None:
        """Stop sending, and let go of every note that sounds there."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._port.close()

    def _run(self) -> None:
        """Body of the sender thread."""
        looked_at = time.monotonic()
        while not self._stop.wait(_STEP_SECONDS):
            now = time.monotonic()
            if now - looked_at >= _LOOK_SECONDS:
                self._port.look()
                looked_at = now
            self._send_waiting()
            if self._port.name:
                self._send_controls(now)

    def _keep(self, time_samples: int, messages: Iterable[bytes]) -> None:
        with self._lock:
            for message in messages:
                heapq.heappush(self._waiting, (time_samples, next(self._order), message))

    def _silence(self, messages: Iterable[bytes]) -> None:
        """What still waits would sound after it."""
        with self._lock:
            self._waiting.clear()
            self._port.send(messages)

    def _send_waiting(self) -> None:
        with self._lock:
            while self._waiting and self._waiting[0][0] <= self._clock():
                self._port.send([heapq.heappop(self._waiting)[2]])

    def _send_controls(self, now_seconds: float) -> None:
        if self._known_connection != self._port.connections:
            self._known_connection = self._port.connections
            self._controls.forget()
        self._port.send(self._controls.due(now_seconds, _MOST_CONTROLS))
