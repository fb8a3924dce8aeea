"""The strip's events: which are due in a block, in order of time, and what is told of them. [audio thread]"""

from typing import Any

from tsumami.engine.events import NOW, Kind
from tsumami.engine.jit import kernel
from tsumami.engine.meter_block import MAX_PARAMETERS
from tsumami.engine.meters import record_duration
from tsumami.engine.ring import ring_consume, ring_peek, ring_push
from tsumami.engine.strip.state import MAX_BLOCK_EVENTS

_PARAMETER, _NOTE_ON = int(Kind.PARAMETER), int(Kind.NOTE_ON)


@kernel
def insert_event(events: Any, count: int, event: Any) -> None:
    """Put one event among the first ``count``, in order of time and behind those of the same time."""
    # From the end: the usual event is the latest.
    at = count
    while at > 0 and events[at - 1].time > event.time:
        events[at] = events[at - 1]
        at -= 1
    events[at] = event


@kernel
def take_due(state: Any, ring: int, frames: int) -> None:
    """Move a ring's events that are due in this block to ``state.events``, in order of offset."""
    room = MAX_BLOCK_EVENTS - state.event_count
    arrived = ring_peek(ring, state.incoming.ctypes.data, room)
    taken = 0
    while taken < arrived:
        time = state.incoming[taken].time
        offset = 0 if time == NOW else time - state.sample
        if offset >= frames:
            break
        state.incoming[taken].time = max(offset, 0)
        insert_event(state.events, state.event_count, state.incoming[taken])
        state.event_count += 1
        taken += 1
    ring_consume(ring, taken)


@kernel
def note_applied(state: Any, meters: Any, now: int) -> None:
    """Measure how long this block's events waited, and echo them with their absolute sample time."""
    for i in range(state.event_count):
        event = state.events[i]
        if event.kind == _PARAMETER and 0 <= event.index < MAX_PARAMETERS:
            meters.parameters[event.index] = event.value
        if event.stamp_ns > 0:
            if event.kind == _PARAMETER:
                record_duration(meters.knob_latency, now - event.stamp_ns)
                meters.knob_applied_ns = now
            elif event.kind == _NOTE_ON:
                record_duration(meters.note_latency, now - event.stamp_ns)
                meters.note_applied_ns = now
        state.incoming[i] = event
        state.incoming[i].time = state.sample + event.time
    ring_push(state.applied_ring, state.incoming.ctypes.data, state.event_count)
