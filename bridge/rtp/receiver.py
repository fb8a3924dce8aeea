"""A network stream into samples: one thread hears the port, another plays at the right moments."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from types import TracebackType
from typing import Self

import numpy as np

from tsumami.bridge.rtp.codecs import Codec
from tsumami.bridge.rtp.concealer import Concealer
from tsumami.bridge.rtp.depth import Depth
from tsumami.bridge.rtp.intake import Intake
from tsumami.bridge.rtp.jitter_buffer import Samples, Span
from tsumami.bridge.rtp.playout import Playout
from tsumami.bridge.rtp.resampler import DriftResampler
from tsumami.bridge.rtp.statistics import Statistics

Sink = Callable[[Samples], None]
"""Takes float32 ``[frames, channels]``, in one thread; whatever it raises ends the receiver."""

_MOST_DATAGRAM_BYTES = 65_536
_BREATH_DATAGRAMS = 64
_BREATH_SECONDS = 0.001
_LOOK_SECONDS = 0.1


class Receiver:
    """Plays what comes to a socket into ``sink``, concealed, until `close`.

    The sink gets each block when it is to be heard. Without ``is_resampled`` its samples are the sender's
    own and the blocks come at the sender's pace; with it, as many samples come for each second of
    ``clock`` as the codec's rate says, and where the pace has to change the pitch moves by 3.5 cents at most.
    While no sender sends, the sink gets nothing.

    A flood of datagrams takes no more than a share of the interpreter: the thread that hears pauses a
    millisecond after every 64 that were waiting, and the system drops what it cannot hold.
    """

    def __init__(
        self,
        port: socket.socket,
        codec: Codec,
        concealer: Concealer,
        sink: Sink,
        *,
        depth: Depth,
        block_size: int,
        is_resampled: bool = False,
        payload_type: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._port, self._codec, self._concealer, self._sink = port, codec, concealer, sink
        self._clock = clock
        self._resampler = DriftResampler(codec.channels, codec.sample_rate) if is_resampled else None
        self._intake = Intake(codec, payload_type, tell)
        self._playout = Playout(
            codec.decoder,
            channels=codec.channels,
            sample_rate=codec.sample_rate,
            block_size=block_size,
            depth=depth,
            is_live=is_resampled,
            tell=tell,
        )
        self._changed = threading.Condition()  # guards intake and playout
        self._stopping = threading.Event()
        self._block_size = block_size
        self.error: Exception | None = None
        """What the sink or the network has raised; the receiver has ended then."""
        self._threads = [
            threading.Thread(target=self._guarded(self._hear), name="tsumami-rtp-hear", daemon=True),
            threading.Thread(target=self._guarded(self._play), name="tsumami-rtp-play", daemon=True),
        ]

    def start(self) -> None:
        """Begin to hear."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop, give what the concealer still holds back, and close the port."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self._port.close()
        if self.error is None and self._playout.received_frames:
            self._flush()

    @property
    def has_ended(self) -> bool:
        """Whether a sender has played and stopped, or an error has ended all."""
        return self.error is not None or (
            self._playout.received_frames > 0 and not self._playout.is_sounding and self._playout.due is None
        )

    def statistics(self) -> Statistics:
        """The numbers so far."""
        with self._changed:
            playout, sources = self._playout, self._intake.sources
            counts = asdict(playout.counts)
            counts["duplicate"] += sources.repeats
            rate = self._codec.sample_rate
            return Statistics(
                **counts,
                received=self._intake.received,
                unconfirmed=sources.strays + sources.held,
                garbage=self._intake.garbage,
                wrong_type=self._intake.wrong_type,
                streams=sources.streams,
                skips=playout.skips,
                seconds=(playout.received_frames + playout.concealed_frames) / rate,
                concealed_ms=1e3 * playout.concealed_frames / rate,
                depth_ms=1e3 * playout.depth.seconds,
                jitter_ms=1e3 * playout.jitter_seconds,
                drift_ppm=playout.drift_ppm,
                is_playing=playout.is_sounding,
            )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _guarded(self, body: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                body()
            except Exception as error:
                self.error = error
                self._stopping.set()
                with self._changed:
                    self._changed.notify_all()

        return run

    def _hear(self) -> None:
        """Body of the thread that hears."""
        waiting = 0
        while not self._stopping.is_set():
            before = self._clock()
            try:
                datagram = self._port.recv(_MOST_DATAGRAM_BYTES)
            except TimeoutError:
                continue
            arrived = self._clock()
            self._take_in(datagram, arrived)
            waiting = waiting + 1 if arrived - before < _BREATH_SECONDS / 10 else 0
            if waiting >= _BREATH_DATAGRAMS:
                waiting = 0
                time.sleep(_BREATH_SECONDS)

    def _take_in(self, datagram: bytes, arrived: float) -> None:
        with self._changed:
            was_due = self._playout.due
            for arrival in self._intake.take(datagram, arrived):
                self._playout.insert(arrival)
            if self._playout.due != was_due:
                self._changed.notify()

    def _play(self) -> None:
        """Body of the thread that plays."""
        while not self._stopping.is_set():
            with self._changed:
                spans, ratio = self._wait_for_block(), self._playout.ratio
            self._put_out(spans, ratio)

    def _wait_for_block(self) -> list[Span]:
        """The block that is due now; [] after a while without one."""
        due = self._playout.due
        now = self._clock()
        if due is None or due > now:
            self._changed.wait(_LOOK_SECONDS if due is None else min(due - now, _LOOK_SECONDS))
            return []
        return self._playout.take(now)

    def _put_out(self, spans: list[Span], ratio: float) -> None:
        for span in spans:
            samples = self._concealer.process(span.samples, span.is_lost)
            if self._resampler is not None:
                samples = self._resampler.process(samples, ratio)
            if len(samples):
                self._sink(samples)

    def _flush(self) -> None:
        frames = self._concealer.latency_samples
        while frames > 0:
            size = min(frames, self._block_size)
            silence = np.zeros((size, self._codec.channels), np.float32)
            self._put_out([Span(silence, is_lost=True)], 1.0)
            frames -= size
