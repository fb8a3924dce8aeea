"""A live session: starts the parts, watches them, and ends them in order."""

import contextlib
import dataclasses
import faulthandler
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tsumami.bridge.control_log import ControlLogWriter, LogHeader
from tsumami.bridge.demo import demo_performance
from tsumami.bridge.live.hearing import LiveHearing
from tsumami.bridge.live.learn import LiveLearn
from tsumami.bridge.live.midi import LiveMidi
from tsumami.bridge.live.moves import Moves
from tsumami.bridge.live.osc import open_osc
from tsumami.bridge.live.page import LivePage, PageRequest, Told
from tsumami.bridge.live.recorder import Recorder
from tsumami.bridge.live.screen import PERIOD_SECONDS, Screen
from tsumami.bridge.live.state import open_state
from tsumami.bridge.live.summary import summarise
from tsumami.bridge.live.tempo import LiveTempo
from tsumami.bridge.live.view import LiveView, save_picture
from tsumami.bridge.loops.live_loop import loop_document
from tsumami.bridge.mapping import Target
from tsumami.bridge.mapping.rivals import rivals
from tsumami.bridge.mapping.takeover import Apart
from tsumami.bridge.osc.server import OscServer
from tsumami.bridge.player import Player
from tsumami.bridge.router import Router
from tsumami.bridge.session.programs import MacroPresets, PatchPrograms, PresetPrograms, Programs
from tsumami.bridge.session.rack import Rack
from tsumami.bridge.session.setup import Setup, set_up
from tsumami.bridge.session.tables import Session
from tsumami.bridge.signals import ended_by_signals
from tsumami.bridge.state.state import State
from tsumami.bridge.tempo.beat import Beat
from tsumami.bridge.unused_path import unused_path
from tsumami.engine import EngineClient
from tsumami.engine.config import Message
from tsumami.engine.errors import DeviceError, SessionError
from tsumami.engine.priority import take_short_turns

_END_SECONDS = 30.0
"""Far longer than an end takes."""


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What the command line adds to a session."""

    seconds: float | None = None
    record: Path | None = None
    log: Path | None = None
    demo: bool | None = None
    """True: play the demonstration; False: never; None: when no MIDI input is present."""
    picture: Path | None = None
    """Where to keep the view's last picture (SVG)."""
    path: Path | None = None
    """File of the session, to name the line of a mistake, and to keep snapshots beside."""
    resume: bool = False
    """Begin where the session's last performance ended."""
    notes: tuple[str, ...] = ()
    """What is to be said of the session's file."""
    page_token: str | None = field(default=None, repr=False)
    """Who has it may see the page."""


class LiveSession:
    """Everything that runs between `tsumami live` and Ctrl-C. Its view goes to standard error."""

    def __init__(self, session: Session, options: LiveOptions) -> None:
        self._options = options
        self._screen = Screen()
        self._stopping = threading.Event()
        self._router: Router
        self._view: LiveView
        self._learn: LiveLearn
        self._moves = Moves()
        self._macro_presets: MacroPresets | None = None
        self._player: Player | None = None
        self._midi: LiveMidi | None = None
        self._osc: OscServer | None = None
        self._state: State | None = None
        self._page: LivePage | None = None
        self._page_request = PageRequest(session.page.host, session.page.port, options.page_token)
        self._tempo: LiveTempo | None = None
        self._log: ControlLogWriter | None = None
        self._recorder: Recorder | None = None
        self._rack = self._load_plugins(session)
        try:
            self._setup: Setup = set_up(
                session, options.path, rack=self._rack, recording=options.record is not None
            )
            self._hearing = LiveHearing(self._setup.session, options.path)
        except BaseException:
            self._rack.close()
            raise

    def run(self) -> dict[str, Any]:
        """Play until the time is over or the user ends it; returns the summary."""
        take_short_turns()
        with contextlib.ExitStack() as stack:
            stack.callback(faulthandler.cancel_dump_traceback_later)
            stack.callback(self._rack.close)
            stack.callback(self._hearing.close)
            stack.enter_context(ended_by_signals(self._stopping.set))
            stack.enter_context(self._screen.kept())
            config = dataclasses.replace(
                self._setup.config,
                input_stages=(*self._setup.config.input_stages, *self._hearing.stages),
                scope=self._setup.session.page.on,
            )
            client = EngineClient(config, self._hear)
            stack.callback(client.close)
            client.launch()
            self._view = self._make_view(client)
            self._router = Router(client, self._programs(client), self._show_sound)
            for sentence in filter(None, (*self._options.notes, *self._setup.left_out, self._setup.note)):
                self._tell(sentence)
            for sentence in rivals(self._setup.own_maps):
                self._tell(sentence)
            self._tell("starting the engine (the first start compiles its kernels, about half a minute)")
            self._hear(client.wait_ready())
            # Only now: a session that cannot start leaves no file, and the ring has kept the first blocks.
            if self._options.record is not None:
                stack.callback(self._open_recorder(self._options.record, client).close)
            self._open_log()
            stack.callback(self._end, client)
            self._open_controls(client)
            self._watch(client)
        return self._summary

    def _load_plugins(self, session: Session) -> Rack:
        paths = [session.instrument.path, *(effect.path for effect in session.effects)]
        names = ", ".join(Path(path).stem for path in paths if path is not None)
        if names:
            self._tell(f"loading {names}")
        return Rack(session, self._tell)

    def _programs(self, client: EngineClient) -> Programs:
        plugin = self._rack.instrument
        if plugin is None:
            return PatchPrograms(client, self._setup.patches)
        if self._setup.config.macro_model is None:
            return PresetPrograms(plugin, self._setup.presets)
        self._macro_presets = MacroPresets(plugin, self._setup.presets, client)
        return self._macro_presets

    def _watch(self, client: EngineClient) -> None:
        """The main loop."""
        end = None if self._options.seconds is None else self._options.seconds * self._setup.sample_rate
        with self._screen.showing(self._view):
            while not self._stopping.wait(PERIOD_SECONDS):
                client.watch()
                if self._macro_presets is not None:
                    self._macro_presets.follow()
                self._take_applied(client)
                self._check_recording()
                self._show_source()
                self._learn.follow()
                if self._tempo is not None:
                    self._view.tempo = self._tempo.follow()
                if self._state is not None:
                    self._state.keep()
                if end is not None and client.memory.meters["sample"] >= end:
                    return

    def _end(self, client: EngineClient) -> None:
        """Controls first, then the engine; what is left in its rings is written out.

        A sound or MIDI system that does not let go of us is not waited for longer than `_END_SECONDS`.
        """
        faulthandler.dump_traceback_later(_END_SECONDS, exit=True)
        page = None if self._page is None else self._page.close()
        if self._osc is not None:
            self._osc.close()
        if self._midi is not None:
            self._midi.stop_listening()
        if self._player is not None:
            self._player.stop()
        if self._tempo is not None:
            self._tempo.close()
        if self._midi is not None:
            self._midi.close()
        client.stop()
        self._take_applied(client)
        if self._options.picture is not None:
            save_picture(self._view, self._options.picture)
        meters = client.memory.meters
        if self._log is not None:
            self._log.close(end=int(meters["sample"]), blocks=int(meters["blocks"]))
        self._summary = summarise(
            meters,
            self._view.engine,
            block_size=self._setup.config.settings.block_size,
            sample_rate=self._setup.sample_rate,
            has_input=self._view.has_input,
            has_repair=self._view.has_repair,
        )
        self._summary["engine_restarts"] = client.restart_count
        self._summary["plugins"] = self._rack.counts()
        self._summary["events_refused"] = self._router.refused
        self._summary["midi_sent"] = 0 if self._midi is None else self._midi.sent
        self._summary["osc"] = (
            None if self._osc is None else {"received": self._osc.received, "refused": self._osc.refused}
        )
        self._summary["page"] = page
        has_loop = self._setup.session.loop.kind != "none"
        self._summary["loop"] = loop_document(meters) if has_loop else None
        self._summary["tempo"] = None if self._tempo is None else self._tempo.tempo.document()
        self._summary["recording_dropped_frames"] = client.memory.recording.dropped

    def _make_view(self, client: EngineClient) -> LiveView:
        view = LiveView(
            client.memory.meters,
            self._moves,
            self._setup.parameters,
            block_size=self._setup.config.settings.block_size,
            sample_rate=self._setup.sample_rate,
        )
        view.patch = self._setup.sound
        view.plugins = self._rack.counts
        view.has_input = self._setup.config.settings.input is not None
        view.has_repair = self._setup.session.input.repair
        names = [parameter.name for parameter in self._setup.parameters]
        view.knobs = [
            (entry.label, names.index(entry.parameter))
            for entry in self._setup.session.maps
            if entry.parameter is not None and entry.effect is None
        ]
        return view

    def _take_applied(self, client: EngineClient) -> None:
        events = client.memory.applied.pop()
        self._moves.note(events)
        if self._log is not None:
            try:
                self._log.write(events)
            except SessionError as error:  # a full disk: the show goes on without its log
                self._tell(str(error))

    def _check_recording(self) -> None:
        if self._recorder is not None and self._recorder.error is not None:
            self._tell(self._recorder.error)
            self._recorder = None

    def _show_source(self) -> None:
        if self._midi is not None:
            self._view.source = self._midi.source if self._player is None else "demonstration"

    def _show_sound(self, name: str) -> None:
        self._view.patch = name
        if self._state is not None:
            self._state.sound = name

    def _open_log(self) -> None:
        if self._options.log is None:
            return
        header = LogHeader(
            sample_rate=self._setup.sample_rate,
            block_size=self._setup.config.settings.block_size,
            session=self._setup.session,
            patch=self._setup.sound,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            parameters=[parameter.name for parameter in self._setup.parameters],
            macros=[macro.name for macro in self._view.engine.macros],
        )
        path = unused_path(self._options.log)
        self._log = ControlLogWriter(path, header)
        self._tell(f"logging to {path}")

    def _open_recorder(self, wanted: Path, client: EngineClient) -> Recorder:
        path = unused_path(wanted)
        self._recorder = Recorder(path, client.memory, self._setup.sample_rate)
        self._tell(f"recording to {path}")
        return self._recorder

    def _open_controls(self, client: EngineClient) -> None:
        """MIDI, and the demonstration where there is none."""
        macros = [macro.name for macro in self._view.engine.macros]
        self._state = open_state(
            self._setup,
            self._rack,
            macros,
            client,
            self._router,
            path=self._options.path,
            show=self._show_sound,
            tell=self._tell,
        )
        if self._options.resume:
            self._state.resume()
        self._midi = LiveMidi(self._setup, macros, client, self._router, self._play, self._tell)
        self._learn = LiveLearn(self._setup, macros, self._options.path, self._midi.remap, self._tell)
        self._midi.learn = self._learn.hear
        self._midi.open()
        self._tempo = LiveTempo(self._setup, client, self._router, self._midi.clock, self._tell)
        self._router.tempo = self._tempo.tempo
        if self._setup.session.tempo.send:
            self._tempo.send(self._midi.send)
        if self._setup.session.osc.port is not None:
            self._osc = open_osc(self._setup, macros, self._router, self._play, self._tell, self._learn.begin)
        if self._setup.session.page.on:
            self._open_page(client)
        demo = self._options.demo if self._options.demo is not None else not self._midi.connected
        if demo:
            self._start_demonstration(client)

    def _open_page(self, client: EngineClient) -> None:
        """Serve the page, where it can be."""
        assert self._state is not None
        told = Told(
            lambda: self._view.engine,
            lambda: self._view.source,
            self._rack.counts,
            self._distances,
            self._beat,
        )
        page = LivePage(
            self._setup,
            self._view.engine.macros,
            client,
            self._router,
            self._state,
            self._learn,
            told,
            self._tell,
            self._hearing.config(self._view.engine),
        )
        try:
            page.open(self._page_request)
        except DeviceError as error:
            page.close()
            self._tell(f"no page: {error}")
        else:
            self._page = page

    def _start_demonstration(self, client: EngineClient) -> None:
        performance = demo_performance(
            [macro.name for macro in self._view.engine.macros], self._setup.sample_rate
        )
        meters = client.memory.meters
        self._player = Player(performance, self._router, lambda: int(meters["sample"]))
        self._player.start()
        self._tell("no MIDI input: playing the demonstration; it stops when a MIDI message arrives")

    def _play(self, events: Any) -> None:
        """Sink of the threads of MIDI and OSC; the first message ends the demonstration."""
        if self._player is not None:
            player, self._player = self._player, None
            player.stop()
        self._router(events)

    def _beat(self) -> Beat | None:
        """The session's, while it runs."""
        tempo = None if self._tempo is None else self._tempo.tempo
        return tempo.beat if tempo is not None and tempo.is_running else None

    def _distances(self) -> dict[Target, Apart]:
        return {} if self._midi is None else self._midi.distances()

    def _tell(self, text: str) -> None:
        """Say a sentence wherever the session is looked at; any thread may call it."""
        self._screen.tell(text)
        if self._page is not None:
            self._page.hear(text)

    def _hear(self, message: Message) -> None:
        if message.device:
            self._view.engine = message
        if message.kind != "ready":
            self._tell(message.text)
        elif message.device == "null" and self._setup.session.device.name != "null":
            self._tell("no audio output was found: playing to nowhere, by the clock (see `tsumami doctor`)")
        else:
            heard = f", hearing {message.input}" if message.input else ""
            self._tell(f"playing to {message.device}{heard}")
