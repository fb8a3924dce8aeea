"""The render host: a process that loads one instrument and renders one sound after another.

Started as ``python -m tsumami.plugins.offline.host``; messages are pickled over its standard input and
output (see `tsumami.plugins.offline.messages`), what the plugin prints is dropped. It ends with its input.

**Fresh by fork.** A plugin keeps more than its parameters from one render to the next: phases, random
numbers, tails. On Linux a plugin that has started no thread is therefore rendered in a fork of the process
that has just loaded it: every render begins with the same memory, bit for bit, at a fraction of the time that
loading takes, and a crash ends the fork alone. Other plugins are loaded anew for each sound.
"""

import contextlib
import gc
import hashlib
import os
import pickle
import signal
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
import psutil

from tsumami.engine.errors import TsumamiError
from tsumami.plugins.offline.heap import keep_memory
from tsumami.plugins.offline.messages import Failed, Method, Ready, Rendered, Sound, Start
from tsumami.plugins.offline.player import open_player

_HAS_ALARM: Final = hasattr(signal, "setitimer")
_DIGEST_BYTES = 8
_PIPE_BYTES = 1 << 20
"""Asked for where the system lets a pipe grow, so that a render is handed over without waiting."""


class Host:
    """Answers lists of sounds with a render for each, in their order, until its input ends."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests, self._replies = requests, replies
        start: Start = pickle.load(requests)
        self._limit_seconds = start.settings.time_limit_seconds
        self._channels = start.settings.channels
        self._player = open_player(start)
        self._method: Method = start.method or _method(start)
        self._is_fresh = True
        gc.collect()
        gc.freeze()  # what is loaded stays; the collector would write to its pages in every fork
        self._reply(
            Ready(self._player.parameters, self._player.defaults, self._player.latency_samples, self._method)
        )

    def run(self) -> None:
        """Serve to the end of the input."""
        with contextlib.suppress(EOFError):
            while True:
                sounds: list[Sound] = pickle.load(self._requests)
                for sound in sounds:
                    if self._method == "fork":
                        self._answer_in_fork(sound)
                    else:
                        self._reply(self._render(sound))

    def _answer_in_fork(self, sound: Sound) -> None:
        child = os.fork()
        if not child:
            try:
                self._reply(self._render(sound))
                os._exit(0)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        if status:
            self._reply(_failure(os.waitstatus_to_exitcode(status)))

    def _render(self, sound: Sound) -> Rendered | Failed:
        try:
            with _alarm(self._limit_seconds):
                if self._method == "reload" and not self._is_fresh:
                    self._player.reload()
                self._is_fresh = False
                audio, values = self._player.play(sound)
        except TsumamiError as error:
            return Failed("refused", str(error))
        return _rendered(audio, values, self._channels)

    def _reply(self, message: Any) -> None:
        pickle.dump(message, self._replies, protocol=5)
        self._replies.flush()


def _method(start: Start) -> Method:
    """The cheapest way to the freshness that was asked for."""
    if start.instrument.backend == "builtin":
        return "new"
    if start.settings.fresh == "never":
        return "reuse"
    is_alone = sys.platform == "linux" and psutil.Process().num_threads() == 1
    return "fork" if is_alone else "reload"


def _rendered(audio: npt.NDArray[np.float32], values: npt.NDArray[np.float32], channels: int) -> Rendered:
    peak = float(max(audio.max(), -audio.min()))
    if not np.isfinite(peak):
        audio, peak = np.zeros_like(audio), float("nan")
    audio = np.ascontiguousarray(_mixed(audio, channels))
    digest = hashlib.sha256(audio.data).digest()[:_DIGEST_BYTES]
    return Rendered(audio, peak, int.from_bytes(digest, "little"), values)


def _mixed(audio: npt.NDArray[np.float32], channels: int) -> npt.NDArray[np.float32]:
    """The mean of all channels as ``[frames]``, or the first two as ``[2, frames]``."""
    if channels == 1:
        total: npt.NDArray[np.float32] = np.add.reduce(audio)
        return total * np.float32(1 / len(audio))
    return audio[:2] if len(audio) > 1 else np.repeat(audio, 2, axis=0)


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """End this process if the body takes longer; even one that is stuck in the plugin's own code."""
    if not _HAS_ALARM:
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _failure(exit_code: int) -> Failed:
    if _HAS_ALARM and exit_code == -signal.SIGALRM:
        return Failed("hung")
    if exit_code < 0:
        return Failed("crashed", signal.strsignal(-exit_code) or f"signal {-exit_code}")
    return Failed("crashed", f"exit status {exit_code}")


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output under other numbers; a plugin that prints or reads meets the null device."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(replies, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return requests, replies


def main() -> None:
    """Run a host; an instrument that cannot be loaded is the answer instead of `Ready`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started it decides
    keep_memory()
    requests, replies = _private_pipes()
    try:
        host = Host(requests, replies)
    except Exception as error:  # this process has no other way to say it
        detail = str(error) or type(error).__name__
        failed = Failed("refused", detail) if isinstance(error, TsumamiError) else Failed("crashed", detail)
        pickle.dump(failed, replies)
        replies.flush()
        return
    host.run()


if __name__ == "__main__":
    main()
