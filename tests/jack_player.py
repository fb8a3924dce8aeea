"""A JACK client of the tests that plays a sound once, from a sample that it can name, in compiled code."""

import ctypes
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import carray, types

from tests.jack_probe import connect_ports, jack, samples_of
from tsumami.engine.clock import now_ns
from tsumami.engine.memory import as_pointer

_STATE = np.dtype(
    [
        ("out", np.int64),  # port
        ("sound", np.int64),  # address
        ("length", np.int64),
        ("plays", np.int64),
        ("at", np.int64),
        ("began_ns", np.int64),
    ]
)


@numba.cfunc(types.int32(types.uint32, types.voidptr), error_model="numpy")
def _process(frames: int, address: Any) -> int:
    state = carray(address, 1, _STATE)[0]
    out = samples_of(state.out, frames)
    sound = carray(as_pointer(state.sound), state.length, np.float32)
    if state.plays and state.began_ns == 0:
        state.began_ns = now_ns()
    for i in range(frames):
        is_played = state.plays and state.at < state.length
        out[i] = sound[state.at] if is_played else 0.0
        state.at += is_played
    return 0


class JackPlayer:
    """Port ``player:out`` on the server that this process's clients find; silent until `play`."""

    def __init__(self, sound: npt.NDArray[np.float32]) -> None:
        self._sound = np.ascontiguousarray(sound)
        self._state = np.zeros(1, _STATE)
        no_start_server = 1
        self._client = ctypes.c_void_p(jack.jack_client_open(b"player", no_start_server, None))
        assert self._client, "a JACK server must run"
        kind, is_output, unused = b"32 bit float mono audio", ctypes.c_ulong(2), ctypes.c_ulong(0)
        self._state["out"] = jack.jack_port_register(self._client, b"out", kind, is_output, unused)
        self._state["sound"], self._state["length"] = self._sound.ctypes.data, len(self._sound)
        jack.jack_set_process_callback(
            self._client, ctypes.c_void_p(_process.address), ctypes.c_void_p(self._state.ctypes.data)
        )
        assert jack.jack_activate(self._client) == 0

    def connect(self, target: str) -> None:
        """Play to a port."""
        connect_ports(self._client, "player:out", target)

    def play(self) -> None:
        """Begin at the next block."""
        self._state["plays"] = 1

    @property
    def began_ns(self) -> int:
        """The clock when the first block was played; 0 before."""
        return int(self._state["began_ns"][0])

    @property
    def has_ended(self) -> bool:
        """Whether all of the sound has been played."""
        return bool(self._state["at"][0] >= len(self._sound))

    def close(self) -> None:
        """Leave the server."""
        jack.jack_client_close(self._client)
