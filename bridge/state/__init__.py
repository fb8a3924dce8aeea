"""The state of a performance: snapshots, undo and redo, locks, panic, and what is kept against a crash."""

from tsumami.bridge.state.panic import panic_events
from tsumami.bridge.state.snapshot import Snapshot
from tsumami.bridge.state.state import State

__all__ = ["Snapshot", "State", "panic_events"]
