"""One stream: its packets that wait, its sender's clock, and how evenly and how fast they come."""

from tsumami.bridge.rtp.clock_drift import ClockDrift
from tsumami.bridge.rtp.depth import Depth
from tsumami.bridge.rtp.jitter_buffer import JitterBuffer, Verdict
from tsumami.bridge.rtp.sequence import Arrival

_JITTER_GAIN = 1 / 16  # RFC 3550, section 6.4.1
_SETTLED_SECONDS = 2.0
"""After which a sender that starts slowly owes nothing any more."""
_RATE_SECONDS = 8.0
_PAUSE_SECONDS = 0.25


class Stream:
    """Takes the packets of one stream, and measures how they come."""

    def __init__(self, number: int, sample_rate: int, buffer: JitterBuffer) -> None:
        self.number, self._rate, self.buffer = number, sample_rate, buffer
        self.clock = ClockDrift()
        self.starts_at: float | None = None
        """When to begin; None once begun, or while there is nothing to begin with."""
        self.heard_at = 0.0
        """When the last packet came."""
        self.has_stopped = False
        self.late_frames = 0
        """Of packets in a row that came too late."""
        self.jitter_seconds = 0.0
        self._transit: float | None = None
        self._heard_before = 0.0
        self._mark: tuple[float, int | None] | None = None  # since when, and the timestamp then

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to play, and nothing has come to begin with."""
        return self.starts_at is None and (self.buffer.position is None or self.buffer.is_empty)

    def insert(self, arrival: Arrival, depth: Depth) -> Verdict:
        """Take a packet, and tell ``depth`` by how much it came later than it could have."""
        if self.has_stopped:
            self.begin_anew()
        sent = arrival.timestamp / self._rate
        self.clock.observe(sent, arrival.arrived_seconds)
        excess = arrival.arrived_seconds - sent - self.clock.delay_seconds(arrival.arrived_seconds)
        depth.observe(excess, arrival.frames / self._rate)
        self._follow_jitter(arrival.arrived_seconds - sent)
        self._heard_before = self.heard_at
        self.heard_at = max(self.heard_at, arrival.arrived_seconds)
        verdict = self.buffer.insert(arrival)
        if self.buffer.position is None and self.buffer.first is not None:
            earliest = self.buffer.first / self._rate + self.clock.delay_seconds(self.heard_at)
            self.starts_at = earliest + depth.seconds
        if verdict is Verdict.LATE:
            self.late_frames += arrival.frames
        elif verdict is Verdict.QUEUED:
            self.late_frames = 0
        return verdict

    def rate_hz(self, arrival: Arrival) -> float | None:
        """Samples that come for a second of our clock; None until eight without a pause have told."""
        now = arrival.arrived_seconds
        if self._mark is None or now > self._heard_before + _PAUSE_SECONDS:
            self._mark = now + _SETTLED_SECONDS, None
        since, timestamp = self._mark
        if timestamp is None:
            if now >= since:
                self._mark = now, arrival.timestamp
        elif now - since > _RATE_SECONDS:
            return (arrival.timestamp - timestamp) / (now - since)
        return None

    def begin_anew(self) -> None:
        """Forget how long packets took and where the playing was, but not which have come."""
        self.clock = ClockDrift()
        self.buffer.position = None
        self.late_frames = 0
        self.has_stopped = False
        self.starts_at = None

    def _follow_jitter(self, transit: float) -> None:
        if self._transit is not None:
            self.jitter_seconds += (abs(transit - self._transit) - self.jitter_seconds) * _JITTER_GAIN
        self._transit = transit
