"""A whole patch as events, for the macro ring."""

import numpy as np
import numpy.typing as npt

from tsumami.engine.events import EVENT_DTYPE, NOW, Events, Kind, event


def patch_events(values: npt.NDArray[np.float32], *, is_there: bool = False) -> Events:
    """A PATCH header and its parameters, as the inference thread reads them.

    ``is_there`` says that the instrument stands there already and need not be told.
    """
    events: Events = np.zeros(1 + len(values), EVENT_DTYPE)
    events["time"] = NOW
    events["kind"] = Kind.PARAMETER
    events["index"][1:] = np.arange(len(values))
    events["value"][1:] = values
    events["kind"][0] = Kind.PATCH
    events["index"][0] = len(values)
    events["value"][0] = is_there
    return events


def morph_end(which: int, values: npt.NDArray[np.float32]) -> Events:
    """A preset for the end 0 or 1 of the way that MORPH events without parameters go."""
    events = patch_events(values)
    events["kind"][0], events["value"][0] = Kind.MORPH, which
    return events


def patch_to_come() -> Events:
    """A PATCH header of no parameters: the instrument takes a patch by itself, nothing moves until then."""
    return event(Kind.PATCH, 0)
