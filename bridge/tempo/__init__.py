"""Tempo: the beat that loops, synchronised parameters and MIDI clock share, and who leads it."""

from tsumami.bridge.tempo.beat import Beat
from tsumami.bridge.tempo.tempo import Tempo

__all__ = ["Beat", "Tempo"]
