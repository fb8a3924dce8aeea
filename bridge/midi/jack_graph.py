"""What RtMidi does not tell of JACK: whether a connection stands, and whether the server lives."""

import ctypes
import ctypes.util
import threading
from typing import Any

import numpy as np
from numba import carray, types

from tsumami.bridge.midi.system import CLIENT_NAME, OUTPUT_NAME
from tsumami.engine.jit import c_kernel
from tsumami.engine.quiet import native_output_silenced

_NO_START_SERVER = 1
_CLOSE_SECONDS = 1.0
_stuck: list[threading.Thread] = []
_left: list["JackGraph"] = []
"""Clients that were not given back: libjack may still write to them."""


@c_kernel(types.void(types.voidptr))
def _note_death(flag: Any) -> None:
    """``JackShutdownCallback`` whose argument is the address of an int64.

    Compiled, for libjack kills the thread that calls it when the client is closed meanwhile: had that thread
    the GIL, or its lock, Python would stand still for good.
    """
    carray(flag, 1, np.int64)[0] = 1


class JackGraph:
    """An idle client that looks at the server's graph through libjack.

    RtMidi takes every connection for made, even one to a program that has registered its port and is not
    active yet, which JACK refuses; and it lists the ports of a server that has died. Looking costs no
    message to the server: the graph stands in shared memory.
    """

    def __init__(self, library: ctypes.CDLL, client: int) -> None:
        self._library, self._client = library, client
        self._died = np.zeros(1, np.int64)
        library.jack_on_shutdown(client, _note_death.address, self._died.ctypes.data)

    @property
    def is_alive(self) -> bool:
        """Whether the server runs."""
        return not self._died[0]

    def is_played(self, port_name: str) -> bool:
        """Whether an output of ours is connected to an input port."""
        port = self._library.jack_port_by_name(self._client, port_name.encode())
        if not self.is_alive or not port:
            return False
        found = self._library.jack_port_get_all_connections(self._client, port)
        if not found:
            return False
        sources: list[bytes] = []
        while (source := found[len(sources)]) is not None:
            sources.append(source)
        self._library.jack_free(found)
        return any(source.startswith(OUTPUT_NAME.encode()) for source in sources)

    def close(self) -> None:
        """Give the client back, unless the server has died: see `close_client`.

        A server that is about to die may not answer: it is not waited for longer than a second.
        """
        if not self.is_alive:
            _left.append(self)
        else:
            closing = threading.Thread(
                target=self._library.jack_client_close, args=(self._client,), daemon=True
            )
            closing.start()
            closing.join(_CLOSE_SECONDS)
            if closing.is_alive():
                _stuck.append(closing)
                _left.append(self)


def is_jack_stuck() -> bool:
    """Whether libjack holds a thread of ours for good: then it would hold up the end of the process too."""
    return any(thread.is_alive() for thread in _stuck)


def open_jack_graph() -> JackGraph | None:
    """A look at the server that runs; None where libjack or the server is missing."""
    name = ctypes.util.find_library("jack")
    if name is None:
        return None
    try:
        library = ctypes.CDLL(name)
    except OSError:
        return None
    library.jack_client_open.restype = ctypes.c_void_p
    library.jack_port_by_name.restype = ctypes.c_void_p
    library.jack_port_by_name.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
    library.jack_port_get_all_connections.restype = ctypes.POINTER(ctypes.c_char_p)
    library.jack_port_get_all_connections.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
    library.jack_on_shutdown.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    for function in (library.jack_free, library.jack_client_close):
        function.argtypes = (ctypes.c_void_p,)
    with native_output_silenced():
        client = library.jack_client_open(f"{CLIENT_NAME}-graph".encode(), _NO_START_SERVER, None)
    return JackGraph(library, client) if client else None
