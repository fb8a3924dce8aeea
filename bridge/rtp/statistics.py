"""A stream in numbers: for the terminal while it plays, and as one document at its end."""

from dataclasses import asdict, dataclass
from typing import Any

from rich.text import Text


@dataclass(frozen=True, slots=True)
class Statistics:
    """What came, what became of it, and how it was played.

    ``received`` = played + queued + duplicate + late + overflowed + skipped + undecodable + unconfirmed.
    """

    received: int
    """RTP packets of the right payload type."""
    played: int
    queued: int
    duplicate: int
    late: int
    """Came after all their samples were due."""
    overflowed: int
    """Came too far ahead of time."""
    skipped: int
    """Passed over at a jump or at the end of a stream."""
    undecodable: int
    unconfirmed: int
    """Belonged to no stream: alone, or of a second sender."""
    lost: int
    """Never came."""
    reordered: int
    """Came after one that was sent later."""
    garbage: int
    """Datagrams that are no RTP, or hold no whole frames."""
    wrong_type: int
    """RTP of another payload type."""
    streams: int
    """How often a stream has begun."""
    skips: int
    """Jumps of the place that is played."""
    seconds: float
    """Sound that has been played, concealed or not."""
    concealed_ms: float
    depth_ms: float
    """How long packets are held now."""
    jitter_ms: float
    """Interarrival jitter, RFC 3550."""
    drift_ppm: float
    """By how much the sender's clock is fast."""
    is_playing: bool

    def document(self) -> dict[str, Any]:
        """All numbers, rounded, for JSON."""
        return {
            name: round(value, 3) + 0.0 if isinstance(value, float) else value  # no -0.0
            for name, value in asdict(self).items()
        }

    def __str__(self) -> str:
        parts = (
            f"{self.seconds:.1f} s",
            f"{self.received} packets",
            f"{self.lost} lost",
            f"{self.late} late",
            f"{self.duplicate} twice",
            f"{self.reordered} out of order",
            f"{self.concealed_ms:.0f} ms concealed",
            f"depth {self.depth_ms:.0f} ms",
            f"jitter {self.jitter_ms:.1f} ms",
            f"drift {self.drift_ppm:+.0f} ppm",
        )
        return ", ".join(parts)

    def __rich__(self) -> Text:
        state = ("▶ ", "bold green") if self.is_playing else ("⏸ ", "bold yellow")
        return Text.assemble(state, str(self), overflow="ellipsis", no_wrap=True)
