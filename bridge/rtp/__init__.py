"""RTP: sound over a network that loses, reorders and delays it, in and out.

The names below are the front door; their modules are loaded when a name is first used.
"""

from typing import TYPE_CHECKING

from tsumami.engine.lazy import lazy_exports

if TYPE_CHECKING:
    from tsumami.bridge.rtp.codecs import Codec, make_codec
    from tsumami.bridge.rtp.concealer import Concealer
    from tsumami.bridge.rtp.depth import AdaptiveDepth, FixedDepth
    from tsumami.bridge.rtp.port import Address, open_input, parse_address
    from tsumami.bridge.rtp.receiver import Receiver
    from tsumami.bridge.rtp.sender import RtpSender
    from tsumami.bridge.rtp.statistics import Statistics
    from tsumami.bridge.rtp.streaming import StreamOptions, StreamSession

_MODULES = {
    "codecs": ("Codec", "make_codec"),
    "concealer": ("Concealer",),
    "depth": ("AdaptiveDepth", "FixedDepth"),
    "port": ("Address", "open_input", "parse_address"),
    "receiver": ("Receiver",),
    "sender": ("RtpSender",),
    "statistics": ("Statistics",),
    "streaming": ("StreamOptions", "StreamSession"),
}
__all__ = [
    "AdaptiveDepth",
    "Address",
    "Codec",
    "Concealer",
    "FixedDepth",
    "Receiver",
    "RtpSender",
    "Statistics",
    "StreamOptions",
    "StreamSession",
    "make_codec",
    "open_input",
    "parse_address",
]


__getattr__ = lazy_exports(__name__, _MODULES)
