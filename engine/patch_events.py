"""A whole patch as events, for the macro ring."""

import numpy as np
import numpy.typing as npt

from tsumami.engine.events import EVENT_DTYPE, NOW, Events, Kind


def patch_events(values: npt.NDArray[np.float32]) -> Events:
    """A PATCH header and its parameters, as the inference thread reads them."""
    events: Events = np.zeros(1 + len(values), EVENT_DTYPE)
    events["time"] = NOW
    events["kind"] = Kind.PARAMETER
    events["index"][1:] = np.arange(len(values))
    events["value"][1:] = values
    events["kind"][0] = Kind.PATCH
    events["index"][0] = len(values)
    return events
