"""A JACK client of the tests that sends numbered samples and keeps what comes back, in compiled code."""

import ctypes
import ctypes.util
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import carray, types

from tsumami.engine.memory import as_pointer

_NUMBERS = 1 << 20
"""Samples until the numbers come again: 22 s at 48 kHz."""

jack: Any = ctypes.CDLL(ctypes.util.find_library("jack") or "libjack.so.0")
_buffer_of = jack.jack_port_get_buffer
_buffer_of.restype, _buffer_of.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_uint32]
jack.jack_client_open.restype = ctypes.c_void_p
jack.jack_port_register.restype = ctypes.c_void_p

_STATE = np.dtype(
    [
        ("out", np.int64),  # ports
        ("back", np.int64),
        ("sample", np.int64),
        ("kept", np.float32, (_NUMBERS,)),
    ]
)


@numba.njit
def _sample(number: int) -> float:
    """A number below 2**20 as a sample from -0.5 to 0.5, exact in float32; neighbours are far apart."""
    return (number * 654_321 % _NUMBERS) / _NUMBERS - 0.5


@numba.njit
def samples_of(port: int, frames: int) -> Any:
    """The port's buffer for this cycle."""
    return carray(as_pointer(np.int64(_buffer_of(as_pointer(port), frames))), frames, np.float32)


@numba.cfunc(types.int32(types.uint32, types.voidptr), error_model="numpy")
def _process(frames: int, address: Any) -> int:
    state = carray(address, 1, _STATE)[0]
    out = samples_of(state.out, frames)
    back = samples_of(state.back, frames)
    for i in range(frames):
        number = state.sample % _NUMBERS
        out[i] = _sample(number)
        state.kept[number] = back[i]
        state.sample += 1
    return 0


def connect_ports(client: Any, source: str, target: str) -> None:
    """Connect two ports of a server."""
    assert jack.jack_connect(client, source.encode(), target.encode()) == 0, (source, target)


class JackProbe:
    """Ports ``probe:out`` and ``probe:back`` on the server that this process's clients find.

    Compiled, so that a busy interpreter does not make it late.
    """

    def __init__(self) -> None:
        self._state = np.zeros(1, _STATE)
        no_start_server = 1
        self._client = ctypes.c_void_p(jack.jack_client_open(b"probe", no_start_server, None))
        assert self._client, "a JACK server must run"
        for field, is_output in (("out", True), ("back", False)):
            flags = ctypes.c_ulong(2 if is_output else 1)
            kind, unused = b"32 bit float mono audio", ctypes.c_ulong(0)
            self._state[field] = jack.jack_port_register(self._client, field.encode(), kind, flags, unused)
        jack.jack_set_process_callback(
            self._client, ctypes.c_void_p(_process.address), ctypes.c_void_p(self._state.ctypes.data)
        )
        assert jack.jack_activate(self._client) == 0

    def connect(self, source: str, target: str) -> None:
        """Connect two ports, of this client or others."""
        connect_ports(self._client, source, target)

    def delays(self) -> npt.NDArray[np.int64]:
        """How many samples each sample so far came back late; -1 where what came was none of ours."""
        sent = np.arange(min(int(self._state["sample"][0]), _NUMBERS))
        kept = self._state["kept"][0, sent].astype(float)
        numbers = (kept + 0.5) * _NUMBERS
        is_ours = (numbers == np.floor(numbers)) & (kept != 0.0)
        inverse = pow(654_321, -1, _NUMBERS)
        return np.where(is_ours, (sent - numbers.astype(np.int64) * inverse) % _NUMBERS, -1)

    def close(self) -> None:
        """Leave the server."""
        jack.jack_client_close(self._client)
