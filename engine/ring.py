"""Bounded single-producer single-consumer rings of fixed-size records.

The only way between threads and processes of a session. A ring lies in any buffer (shared memory or
not) as a header and a power of two of records, copied as 64-bit words. Head and tail only grow and sit
on cache lines of their own; the producer publishes with a release store and the consumer reads with an
acquire load, so it is right on ARM too. Nothing here allocates, locks or waits.

Header, in 64-bit words: 0 capacity, 1 words per record; 8 head, 9 dropped (the producer's line);
16 tail (the consumer's line).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import carray

from tsumami.engine.jit import inline_kernel, kernel
from tsumami.engine.memory import as_pointer, load_acquire, store_release

_WORD_BYTES = 8
_CAPACITY, _WORDS, _HEAD, _DROPPED, _TAIL, _DATA = 0, 1, 8, 9, 16, 24


@inline_kernel
def _words(address: int, count: int) -> Any:
    return carray(as_pointer(address), count, np.int64)


@kernel
def ring_room(ring: int) -> int:
    """How many records fit now; the consumer can only make it more. [the producer]"""
    header = _words(ring, _DATA)
    room: int = header[_CAPACITY] - (header[_HEAD] - load_acquire(ring + _TAIL * _WORD_BYTES))
    return room


@kernel
def ring_push(ring: int, source: int, count: int) -> bool:
    """Append ``count`` records from address ``source``, all or none; counts what is dropped.

    [audio thread, or any single producer]
    """
    header = _words(ring, _DATA)
    capacity, words = header[_CAPACITY], header[_WORDS]
    head = header[_HEAD]
    tail = load_acquire(ring + _TAIL * _WORD_BYTES)
    if count > capacity - (head - tail):
        header[_DROPPED] += count
        return False
    data = _words(ring + _DATA * _WORD_BYTES, capacity * words)
    records = _words(source, count * words)
    at = (head & (capacity - 1)) * words
    for i in range(count * words):
        if at == capacity * words:
            at = 0
        data[at] = records[i]
        at += 1
    store_release(ring + _HEAD * _WORD_BYTES, head + count)
    return True


@kernel
def ring_peek(ring: int, target: int, count: int) -> int:
    """Copy up to ``count`` of the oldest records to address ``target`` and leave them in the ring.

    Returns how many were copied. [audio thread, or the single consumer]
    """
    header = _words(ring, _DATA)
    capacity, words = header[_CAPACITY], header[_WORDS]
    tail = header[_TAIL]
    head = load_acquire(ring + _HEAD * _WORD_BYTES)
    count = min(count, head - tail)
    data = _words(ring + _DATA * _WORD_BYTES, capacity * words)
    records = _words(target, count * words)
    at = (tail & (capacity - 1)) * words
    for i in range(count * words):
        if at == capacity * words:
            at = 0
        records[i] = data[at]
        at += 1
    return count


@kernel
def ring_consume(ring: int, count: int) -> None:
    """Remove the ``count`` oldest records. [audio thread, or the single consumer]"""
    tail = _words(ring, _DATA)[_TAIL]
    store_release(ring + _TAIL * _WORD_BYTES, tail + count)


class Ring:
    """A ring of records of one dtype over a caller's buffer.

    ``dtype.itemsize`` must be a multiple of 8. `create` lays an empty ring over a buffer, the constructor
    takes one that is there; the buffer must live longer than the ring. One thread pushes and one thread
    pops, in any processes.
    """

    def __init__(self, buffer: npt.NDArray[np.uint8], dtype: np.dtype[Any]) -> None:
        self.buffer = buffer
        self._header = buffer[: _DATA * _WORD_BYTES].view(np.int64)
        self.dtype = dtype
        self.address: int = buffer.ctypes.data

    @staticmethod
    def nbytes(dtype: np.dtype[Any], capacity: int) -> int:
        """Size of the buffer for ``capacity`` records, a multiple of a cache line."""
        return -(-(_DATA * _WORD_BYTES + capacity * dtype.itemsize) // 64) * 64

    @classmethod
    def create(cls, buffer: npt.NDArray[np.uint8], dtype: np.dtype[Any], capacity: int) -> "Ring":
        """Lay an empty ring of ``capacity`` records (a power of two) over ``buffer``."""
        if capacity < 1 or capacity & (capacity - 1):
            raise ValueError(f"capacity must be a power of two, got {capacity}")
        if dtype.itemsize % _WORD_BYTES:
            raise ValueError(f"dtype must be a multiple of 8 bytes, got {dtype.itemsize}")
        ring = cls(buffer, dtype)
        ring._header[:] = 0
        ring._header[_CAPACITY] = capacity
        ring._header[_WORDS] = dtype.itemsize // _WORD_BYTES
        return ring

    @classmethod
    def allocate(cls, dtype: np.dtype[Any], capacity: int) -> "Ring":
        """A ring in this process's own memory."""
        return cls.create(np.zeros(cls.nbytes(dtype, capacity), np.uint8), dtype, capacity)

    @property
    def capacity(self) -> int:
        """Records that fit."""
        return int(self._header[_CAPACITY])

    @property
    def dropped(self) -> int:
        """Records that were refused because the ring was full."""
        return int(self._header[_DROPPED])

    def __len__(self) -> int:
        return int(self._header[_HEAD] - self._header[_TAIL])

    def push(self, records: npt.NDArray[Any]) -> bool:
        """Append records, all or none. [the producer]"""
        records = np.ascontiguousarray(records, self.dtype)
        return bool(ring_push(self.address, records.ctypes.data, len(records)))

    def pop(self, count: int | None = None) -> npt.NDArray[Any]:
        """Remove and return up to ``count`` of the oldest records (all by default). [the consumer]"""
        records = np.empty(min(len(self), self.capacity if count is None else count), self.dtype)
        taken = ring_peek(self.address, records.ctypes.data, len(records))
        ring_consume(self.address, taken)
        return records[:taken]
