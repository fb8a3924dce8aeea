"""A bad network between two ports of this computer, and a real sender to play over it."""

import heapq
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tsumami.bridge.rtp.packet import parse_packet
from tsumami.bridge.rtp.port import Address, open_input

LOCAL = "127.0.0.1"


@dataclass(frozen=True)
class Weather:
    """What a relay does to the packets; the same seed does the same to the n-th packet."""

    loss: float = 0.0
    """Share that is dropped; never the first 30 packets, so that a test knows where the sound begins."""
    burst: int = 1
    """Packets that are dropped together."""
    duplication: float = 0.0
    jitter_seconds: float = 0.0
    """Each packet is held for a random time up to this; beyond a packet's length that changes their order."""
    late: float = 0.0
    """Share that is held for a whole second: too late for any buffer."""
    seed: int = 0


class Relay:
    """Passes datagrams from `port` on to ``target``, in a thread, as the weather lets it."""

    def __init__(self, target: int, weather: Weather) -> None:
        self._target, self._weather = (LOCAL, target), weather
        self._random = np.random.default_rng(weather.seed)
        self._socket = free_socket()
        self._waiting: list[tuple[float, int, bytes]] = []
        self._dropping = 0
        self._taken = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port: int = self._socket.getsockname()[1]
        self.dropped: list[int] = []
        """Sequence numbers."""
        self.late = 0
        self.duplicated = 0
        self.last_passed = 0
        """Sequence number of the newest packet that was not dropped."""
        self.passed = 0

    def lost(self) -> int:
        """Packets dropped before the last that came: those that a receiver can know of."""
        return sum((self.last_passed - number) % 2**16 < 2**15 for number in self.dropped)

    def __enter__(self) -> "Relay":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        self._socket.settimeout(0.001)
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                self._take(self._socket.recv(65_536))
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                self._socket.sendto(heapq.heappop(self._waiting)[2], self._target)

    def _take(self, datagram: bytes) -> None:
        loss, copy, late, delay = self._random.uniform(size=4)
        weather = self._weather
        packet = parse_packet(datagram)
        assert packet is not None
        self._taken += 1
        if self._dropping == 0 and loss < weather.loss / weather.burst and self._taken > 30:
            self._dropping = weather.burst
        if self._dropping:
            self._dropping -= 1
            self.dropped.append(packet.sequence)
            return
        self.passed += 1
        self.last_passed = packet.sequence
        hold = delay * weather.jitter_seconds
        if late < weather.late and self._taken > 30:
            hold = 1.0
            self.late += 1
        self._send_later(datagram, hold)
        if copy < weather.duplication:
            self.duplicated += 1
            self._send_later(datagram, hold + 0.001)

    def _send_later(self, datagram: bytes, hold: float) -> None:
        heapq.heappush(self._waiting, (time.monotonic() + hold, self._taken, datagram))


def free_port() -> int:
    """The number of a port that nobody has just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOCAL, 0))
        return port_of(probe)


def free_socket() -> socket.socket:
    """A socket of its own port, as `open_input` makes them."""
    return open_input(Address(LOCAL, free_port()))


def port_of(opened: socket.socket) -> int:
    """The number of a socket's port."""
    return int(opened.getsockname()[1])


def ffmpeg(*words: str) -> list[str]:
    """The words of an ffmpeg command; fails where it is missing, as the tests must not pass without."""
    program = shutil.which("ffmpeg")
    assert program is not None, "apt-get install ffmpeg"
    return [program, "-hide_banner", "-loglevel", "error", "-nostdin", *words]


@contextmanager
def ffmpeg_sends(sound: Path, codec: str, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """ffmpeg plays a file to a port in real time; ``codec`` as ffmpeg calls it: pcm_s16be, libopus."""
    words = ffmpeg("-re", "-i", str(sound), "-c:a", codec, "-f", "rtp", f"rtp://{LOCAL}:{port}")
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()
