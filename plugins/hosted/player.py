"""Answers requests for blocks by playing a plugin; the work of a plugin's process."""

import time
from collections import deque

import numpy as np
import numpy.typing as npt

from tsumami.engine.events import Kind
from tsumami.engine.meter_block import MAX_PARAMETERS
from tsumami.engine.meters import new_histogram, record_duration
from tsumami.engine.ring import Ring
from tsumami.engine.shared import FRAME_DTYPE
from tsumami.plugins.hosted.memory import BLOCK_DTYPE, HostedMemory
from tsumami.plugins.hosted.messages import HostConfig
from tsumami.plugins.hosted.midi_bytes import midi_messages
from tsumami.plugins.vst3.plugin import MidiMessage, Plugin, seconds_of

_FAR_BEHIND = 8
"""Blocks waiting from which on some are passed over."""
_KEPT_WHEN_BEHIND = 2
_BREATH_SECONDS = 0.0005
_LOOKED_AT_PER_BLOCK = 4
_QUIET = 1e-3

_Row = tuple[int, int, float, int, int, int]
"""One event in the order of `EVENT_DTYPE`: time, stamp_ns, value, index, kind, channel."""
Audio = npt.NDArray[np.float32]


def load_kernels() -> None:
    """Load or compile what a block needs, so that a process in reserve has it when it is called."""
    ring = Ring.allocate(BLOCK_DTYPE, 1)
    ring.push(np.zeros(1, BLOCK_DTYPE))
    ring.pop()
    record_duration(new_histogram(), 0)


class BlockPlayer:
    """One plugin behind its rings. Blocks are answered in order and never twice.

    A block is cut where a parameter moves, so that moves apply at their sample like notes do.
    """

    def __init__(self, plugin: Plugin, memory: HostedMemory, config: HostConfig) -> None:
        self._plugin, self._memory, self._config = plugin, memory, config
        self._events: deque[_Row] = deque()
        self._values = memory.meters["values"][: min(len(plugin.parameters), MAX_PARAMETERS)]
        self._looked_at = 0
        self.has_edits = False
        self.is_quiet = True
        for name in ("events", "input", "requests"):
            memory.ring(name).pop()  # what was meant for the process before this one

    def warm_up(self) -> None:
        """Let the plugin allocate what it needs for this block size and sample rate, before it counts."""
        frames = self._config.block_size
        for _ in range(2):
            self._play([], np.zeros((2, frames), np.float32), frames)

    def publish_values(self) -> None:
        """Let the meters show where all parameters stand."""
        self._values[:] = self._plugin.values()[: len(self._values)]
        self._count_edit()

    def answer_waiting(self) -> None:
        """Answer every request that is there; when far behind, pass over the oldest."""
        requests = self._memory.ring("requests")
        while len(requests):
            if len(requests) > _FAR_BEHIND:
                self._pass_over(len(requests) - _KEPT_WHEN_BEHIND)
                # A thread of real-time priority that never sleeps would be taken for a hung one.
                time.sleep(_BREATH_SECONDS)
            for position, frames, _ in requests.pop(1).tolist():
                self._answer(position, frames)

    def _pass_over(self, count: int) -> None:
        """Leave the oldest requests unanswered; their events apply with the next answer."""
        passed = self._memory.ring("requests").pop(count)
        if self._config.is_effect:
            self._memory.ring("input").pop(int(passed["frames"].sum()))
        self._memory.meters["skipped"] += len(passed)

    def _answer(self, position: int, frames: int) -> None:
        meters = self._memory.meters
        began = time.perf_counter_ns()
        meters["heartbeat_ns"] = began
        audio = self._input(frames)
        sound = self._render(self._due(position + frames), audio, position, frames)
        self.is_quiet = bool(np.abs(sound).max() < _QUIET)
        block = np.array([(position, frames, self._config.generation)], BLOCK_DTYPE)
        if self._memory.ring("output").push(sound.view(FRAME_DTYPE)[:, 0]):
            self._memory.ring("answers").push(block)
        meters["answered"] = position + frames
        meters["blocks"] += 1
        record_duration(meters["load"], time.perf_counter_ns() - began)
        self._look_at_values()

    def _input(self, frames: int) -> Audio:
        """Input of an effect, float32 ``[2, frames]``; of an instrument, silence."""
        if not self._config.is_effect:
            return np.zeros((2, frames), np.float32)
        taken = self._memory.ring("input").pop(frames)
        return np.ascontiguousarray(taken.view(np.float32).reshape(-1, 2).T)

    def _due(self, end: int) -> list[_Row]:
        """The events before position ``end``, in order."""
        ring = self._memory.ring("events")
        if len(ring):
            self._events.extend(ring.pop().tolist())
        due = []
        while self._events and self._events[0][0] < end:
            due.append(self._events.popleft())
        return due

    def _render(self, events: list[_Row], audio: Audio, position: int, frames: int) -> Audio:
        """One block with its events, float32 ``[frames, 2]``."""
        pieces: list[Audio] = []
        messages: list[MidiMessage] = []
        start = 0
        for event_time, _, value, index, kind, channel in events:
            offset = max(event_time - position, start)
            if kind == Kind.PARAMETER:
                if offset > start:
                    pieces.append(self._play(messages, audio[:, start:offset], offset - start))
                    messages, start = [], offset
                self._set(index, value)
            else:
                at = seconds_of(offset - start, self._config.sample_rate)
                messages += [(message, at) for message in midi_messages(kind, channel, index, value)]
        pieces.append(self._play(messages, audio[:, start:], frames - start))
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _play(self, messages: list[MidiMessage], audio: Audio, frames: int) -> Audio:
        """A piece of a block, float32 ``[frames, 2]``."""
        if self._config.is_effect:
            sound = self._plugin.process(np.ascontiguousarray(audio), self._config.sample_rate)
        else:
            rate, block_size = self._config.sample_rate, self._config.block_size
            sound = self._plugin.play(messages, frames, rate, block_size)
        piece = np.zeros((frames, 2), np.float32)
        # Shorter while the plugin fills its delay: the silence comes first. Mono goes to both sides.
        length = min(sound.shape[1], frames)
        piece[frames - length :] = sound[:2, :length].T
        return piece

    def _set(self, index: int, value: float) -> None:
        if not 0 <= index < len(self._plugin.parameters):
            return
        self._plugin.set_value(index, value)
        if index < len(self._values):
            self._values[index] = value
        self._count_edit()

    def _look_at_values(self) -> None:
        """Notice a few parameters at a time that the plugin has moved by itself."""
        count = len(self._values)
        for _ in range(min(_LOOKED_AT_PER_BLOCK, count)):
            self._looked_at = (self._looked_at + 1) % count
            value = np.float32(self._plugin.value(self._looked_at))
            if value != self._values[self._looked_at]:
                self._values[self._looked_at] = value
                self._count_edit()

    def _count_edit(self) -> None:
        self._memory.meters["edits"] += 1
        self.has_edits = True
