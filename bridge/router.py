"""Where a control event goes: straight to the audio thread, or through the macros."""

from collections.abc import Callable, Sequence

from tsumami.engine import EngineClient
from tsumami.engine.events import Events, Kind
from tsumami.plugins import Patch


class Router:
    """Sends each kind of event to the part of the engine that is due to it; any thread may call it.

    Notes, pedals, bends and gain go to the audio thread; knobs and edits to the inference thread; a
    PATCH event becomes the whole patch of that number in ``patches`` (out of range is ignored: a
    program change beyond the bank), and ``report`` hears which.
    """

    def __init__(
        self, client: EngineClient, patches: Sequence[Patch], report: Callable[[Patch], None] | None = None
    ) -> None:
        self._client = client
        self._patches = patches
        self._report = report
        self.refused = 0
        """Events lost because a ring was full: the engine is down or far behind."""

    def __call__(self, events: Events) -> None:
        """Route events in order of their kind."""
        kinds = events["kind"]
        through_macros = (kinds == Kind.MACRO) | (kinds == Kind.PARAMETER)
        is_patch = kinds == Kind.PATCH
        for item in events[is_patch]:
            if 0 <= item["index"] < len(self._patches):
                self._load(self._patches[item["index"]])
        moves, direct = events[through_macros], events[~(through_macros | is_patch)]
        if len(moves) and not self._client.move(moves):
            self.refused += len(moves)
        if len(direct) and not self._client.send(direct):
            self.refused += len(direct)

    def _load(self, patch: Patch) -> None:
        if not self._client.load_patch(patch.values):
            self.refused += 1
        elif self._report is not None:
            self._report(patch)
