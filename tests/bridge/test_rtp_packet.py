"""RTP packets: every packet comes back, no bytes can hurt."""

from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.rtp.packet import Packet, is_rtcp, packet_bytes, parse_packet

WORDS = st.integers(0, 2**32 - 1)
EXTENSIONS = st.tuples(
    st.integers(0, 2**16 - 1), st.lists(st.binary(min_size=4, max_size=4), max_size=5).map(b"".join)
)
PACKETS = st.builds(
    Packet,
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 2**16 - 1),
    timestamp=WORDS,
    ssrc=WORDS,
    payload=st.binary(max_size=200),
    marker=st.booleans(),
    contributors=st.lists(WORDS, max_size=15).map(tuple),
    extension=st.none() | EXTENSIONS,
    padding=st.integers(0, 255),
)


@given(PACKETS)
def test_packet_comes_back(packet: Packet) -> None:
    assert parse_packet(packet_bytes(packet)) == packet


@given(st.binary(max_size=100) | st.binary(max_size=100).map(lambda rest: b"\xbf" + rest))
def test_any_bytes_are_a_packet_or_none(datagram: bytes) -> None:
    packet = parse_packet(datagram)
    is_rtcp(datagram)
    if packet is not None:
        assert parse_packet(packet_bytes(packet)) == packet
        assert len(packet_bytes(packet)) == len(datagram)


@given(PACKETS, st.data())
def test_cut_packet_is_a_packet_or_none(packet: Packet, data: st.DataObject) -> None:
    whole = packet_bytes(packet)
    cut = parse_packet(whole[: data.draw(st.integers(0, len(whole) - 1))])
    assert cut is None or len(cut.payload) <= len(packet.payload) + packet.padding


def test_bytes_of_the_standard() -> None:
    packet = Packet(payload_type=10, sequence=0x1234, timestamp=0x01020304, ssrc=0xDEADBEEF, payload=b"ab")
    assert packet_bytes(packet).hex() == "800a1234" + "01020304" + "deadbeef" + b"ab".hex()
    assert parse_packet(b"\x40" + packet_bytes(packet)[1:]) is None, "version 1"


def test_report_is_not_sound() -> None:
    sender_report = bytes([0x80, 200]) + bytes(26)
    assert is_rtcp(sender_report)
    assert not is_rtcp(bytes([0x80, 96]) + bytes(26))
