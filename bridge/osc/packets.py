"""OSC packets: messages with the time at which they are due, and replies."""

import struct
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket, ParseError

LARGEST: Final = 65_536
"""Bytes that a datagram may have."""
_REPLY_BYTES: Final = 1_400
"""Of messages that go into one datagram: what passes every network in one piece."""
_MALFORMED: Final = (ParseError, ValueError, IndexError, RecursionError, OverflowError, struct.error)


class Request(NamedTuple):
    """One message."""

    due: float
    """Seconds since 1970; in the past for what is to be done at once."""
    address: str
    values: tuple[Any, ...]


def read_packet(datagram: bytes) -> list[Request]:
    """The messages of a packet, its bundles' in their order; raises `ValueError` for what is none."""
    try:
        messages = OscPacket(datagram).messages
        return [Request(due, message.address, tuple(message)) for due, message in messages]
    except _MALFORMED as error:
        raise ValueError(f"OSC packet must be whole, got {len(datagram)} bytes ({error})") from None


def message(address: str, *values: Any) -> OscMessage:
    """A message with arguments of Python's types."""
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return builder.build()


def packets(messages: Sequence[OscMessage]) -> Iterator[bytes]:
    """Datagrams that hold all messages, in bundles."""
    bundle, size = OscBundleBuilder(IMMEDIATELY), 0
    for each in messages:
        if size + each.size > _REPLY_BYTES and size:
            yield bundle.build().dgram
            bundle, size = OscBundleBuilder(IMMEDIATELY), 0
        bundle.add_content(each)
        size += each.size + 4
    if size:
        yield bundle.build().dgram
