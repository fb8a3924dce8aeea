"""What a live session lets its page hear of the input: the tap, and what the page makes of it."""

from pathlib import Path
from typing import TYPE_CHECKING

from tsumami.bridge.page.hearing import BUILTIN, HearingConfig
from tsumami.bridge.session.session import line_of
from tsumami.bridge.session.tables import Session
from tsumami.engine.config import Message, StageSource
from tsumami.engine.errors import SessionError

if TYPE_CHECKING:
    from tsumami.bridge.groove.reference_file import ReferenceHits
    from tsumami.engine.groove.live_memory import GrooveMemory


class LiveHearing:
    """Taps the input of a session whose page shows a groove, or finds sounds; nothing of the others.

    ``path`` is the session's file. Raises `SessionError` or `SoundError` for what cannot be heard, or read.
    """

    def __init__(self, session: Session, path: Path | None) -> None:
        self._session = session
        self._memory: GrooveMemory | None = None
        self._reference: ReferenceHits | None = None
        has_input = session.input.source != "none"
        if session.groove.on:
            _check_groove(session, path)
            if session.groove.reference is not None:
                from tsumami.bridge.groove.reference_file import read_reference

                self._reference = read_reference(Path(session.groove.reference), None)
        if session.timbre.index is not None:
            _check_index(session.timbre.index)
        if not session.page.on:
            return
        if session.groove.on or (session.timbre.index is not None and has_input and _can_tap(session)):
            self._memory = _make_memory()

    @property
    def stages(self) -> tuple[StageSource, ...]:
        """What hears the input, behind its repair."""
        if self._memory is None:
            return ()
        return (StageSource("tsumami.engine.groove.tap:GrooveTap", (self._memory.name,)),)

    def config(self, engine: Message) -> HearingConfig:
        """What the page's process is told; ``engine`` is its last word about its device."""
        session = self._session
        latency = 0.0
        if session.groove.on:
            from tsumami.bridge.groove.latency import LatencyFile

            device = session.device
            ways = LatencyFile().latency(engine, device.sample_rate, device.block_size)
            # Our own beat is played before it is heard; another's is there when it falls.
            latency = ways.round_trip if session.tempo.source == "own" else ways.heard
        return HearingConfig(
            None if self._memory is None else self._memory.name,
            session.device.sample_rate,
            has_groove=session.groove.on,
            reference=self._reference,
            latency_seconds=latency,
            timbre=session.timbre.index,
        )

    def close(self) -> None:
        """Let go of the memory; nobody may tap any more."""
        if self._memory is not None:
            self._memory.close()


def _make_memory() -> "GrooveMemory":
    # Here, so that a session that hears nothing does without the kernels.
    from tsumami.engine.groove.live_memory import GrooveMemory

    return GrooveMemory.create()


def _check_groove(session: Session, path: Path | None) -> None:
    if session.input.source == "none":
        raise SessionError(
            f'{line_of(path, ("groove", "on"))}groove.on must be false where input.source is "none", got '
            "true; choose an --input"
        )
    if not _can_tap(session):
        raise SessionError(
            f"{line_of(path, ('device', 'sample_rate'))}device.sample_rate must be in 32000-192000 Hz to "
            f"hear drums, got {session.device.sample_rate}"
        )


def _can_tap(session: Session) -> bool:
    from tsumami.engine.groove.detector import HIGHEST_RATE_HZ, LOWEST_RATE_HZ

    return LOWEST_RATE_HZ <= session.device.sample_rate <= HIGHEST_RATE_HZ


def _check_index(index: str) -> None:
    """Refuse before anything sounds what the page could not search."""
    if index != BUILTIN:
        from tsumami.bridge.timbre.index import load_index
        from tsumami.engine.timbre.encoder import TimbreEncoder

        load_index(Path(index), TimbreEncoder())
