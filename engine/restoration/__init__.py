"""Repair of streams that lose samples: where they did, and what would have been heard there."""

from tsumami.engine.restoration.burg import burg
from tsumami.engine.restoration.concealer import Concealer
from tsumami.engine.restoration.detection import Detector
from tsumami.engine.restoration.detection_damage import Damage, DamageKind
from tsumami.engine.restoration.lookahead import LookaheadConcealer

__all__ = ["Concealer", "Damage", "DamageKind", "Detector", "LookaheadConcealer", "burg"]
