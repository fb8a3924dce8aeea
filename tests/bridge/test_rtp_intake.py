"""From datagrams to blocks: whatever comes, nothing is raised, nothing grows, and all is counted."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.rtp.codecs import make_codec
from tsumami.bridge.rtp.depth import AdaptiveDepth
from tsumami.bridge.rtp.intake import Intake
from tsumami.bridge.rtp.packet import Packet, packet_bytes
from tsumami.bridge.rtp.playout import Playout

RATE = 48_000
CODEC = make_codec("L16", RATE, 2)


def datagram(sequence: int, timestamp: int, ssrc: int, frames: int) -> bytes:
    payload = bytes(4 * frames)
    return packet_bytes(Packet(96, sequence % 2**16, timestamp % 2**32, ssrc, payload))


NEARLY_A_STREAM = st.builds(
    datagram,
    st.integers(0, 40),
    st.integers(0, 40).map(lambda n: 240 * n),
    st.integers(1, 2),
    st.integers(0, 500),
)
ANYTHING = st.builds(
    datagram, st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(0, 50)
)
DATAGRAMS = st.binary(max_size=40) | NEARLY_A_STREAM | ANYTHING


@given(st.lists(st.tuples(DATAGRAMS, st.floats(0.0, 0.3)), max_size=80), st.booleans(), st.integers(1, 3))
def test_whatever_comes_is_played_or_counted(
    events: list[tuple[bytes, float]], is_live: bool, copies: int
) -> None:
    intake = Intake(CODEC)
    playout = Playout(
        CODEC.decoder,
        channels=2,
        sample_rate=RATE,
        block_size=128,
        depth=AdaptiveDepth(),
        is_live=is_live,
    )
    now = 100.0
    for data, pause in events:
        for _ in range(copies):
            for arrival in intake.take(data, now):
                playout.insert(arrival)
        now += pause
        for _ in range(200):
            if playout.due is None or playout.due > now:
                break
            spans = playout.take(now)
            assert sum(len(span.samples) for span in spans) in (0, 128)
            assert all(np.isfinite(span.samples).all() for span in spans)
    sources, counts = intake.sources, playout.counts
    known = intake.garbage + intake.wrong_type + intake.reports + intake.received
    assert known == copies * len(events)
    came = counts.played + counts.queued + counts.duplicate + counts.late
    came += counts.overflowed + counts.skipped + counts.undecodable
    assert came + sources.strays + sources.held + sources.repeats == intake.received
    assert counts.lost >= 0
