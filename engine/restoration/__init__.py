"""Repair of streams that lose samples: what was lost is continued from what was heard before."""

from tsumami.engine.restoration.burg import burg
from tsumami.engine.restoration.concealer import Concealer
from tsumami.engine.restoration.lookahead import LookaheadConcealer

__all__ = ["Concealer", "LookaheadConcealer", "burg"]
