"""MIDI: ports, the byte stream's messages, and the engine events that they become."""

from tsumami.bridge.midi.controls import Control, Controls
from tsumami.bridge.midi.decode import Decoder
from tsumami.bridge.midi.output import MidiOutput
from tsumami.bridge.midi.parser import Message, Parser, Status
from tsumami.bridge.midi.ports import MidiInputs, PortChange
from tsumami.bridge.midi.system import choose_api, compiled_apis

__all__ = [
    "Control",
    "Controls",
    "Decoder",
    "Message",
    "MidiInputs",
    "MidiOutput",
    "Parser",
    "PortChange",
    "Status",
    "choose_api",
    "compiled_apis",
]
