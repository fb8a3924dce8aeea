"""Open Sound Control (OSC 1.0): everything that can be moved has an address, and says when it moves."""

from tsumami.bridge.osc.server import OscServer
from tsumami.bridge.osc.surface import Surface

__all__ = ["OscServer", "Surface"]
