"""Hits of a drum performance as they are played, the grid they are meant for, and how far they lean."""

from tsumami.engine.groove.detector import HitDetector, find_hits
from tsumami.engine.groove.deviation import Lean, lean, lean_on_reference, summary
from tsumami.engine.groove.feel import Feel
from tsumami.engine.groove.grid import Grid, even_grid
from tsumami.engine.groove.grid_search import given_tempo, known_beats, tracked_tempo
from tsumami.engine.groove.hit_state import HIT_DTYPE, LANES
from tsumami.engine.groove.reference import Alignment, align

__all__ = [
    "HIT_DTYPE",
    "LANES",
    "Alignment",
    "Feel",
    "Grid",
    "HitDetector",
    "Lean",
    "align",
    "even_grid",
    "find_hits",
    "given_tempo",
    "known_beats",
    "lean",
    "lean_on_reference",
    "summary",
    "tracked_tempo",
]
