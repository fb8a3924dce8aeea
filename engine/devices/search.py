"""Looking for a device that was lost, without touching the libraries of the process that lost it."""

import subprocess
import sys
import time

from tsumami.engine.errors import DeviceError
from tsumami.engine.strip.settings import DeviceRequest

_RETRY_SECONDS = 2.0
_PROBE_SECONDS = 20.0


class DeviceSearch:
    """Asks a throw-away process every two seconds whether the device is there.

    ``lost_name`` is the device's full name, "name (host API)"; a request for the default device looks
    for that same one, not for whatever is the default now. ``input_device`` is the input that must be there
    too, ``""`` where none is wanted.
    """

    def __init__(self, request: DeviceRequest, lost_name: str, input_device: str = "") -> None:
        name = lost_name.rpartition(" (")[0] if request.name == "auto" else request.name
        self.request = DeviceRequest(name, request.api)
        self._command = [sys.executable, "-m", __name__, name, request.api, input_device]
        self._probe: subprocess.Popen[bytes] | None = None
        self._next = time.monotonic() + _RETRY_SECONDS

    def has_found(self) -> bool:
        """Start, watch or read the present probe; never waits."""
        now = time.monotonic()
        if self._probe is None:
            if now >= self._next:
                self._probe = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                self._next = now + _PROBE_SECONDS
            return False
        status = self._probe.poll()
        if status is None and now < self._next:
            return False
        if status is None:
            self._probe.kill()
            self._probe.wait()
        self._probe = None
        self._next = now + _RETRY_SECONDS
        return status == 0

    def close(self) -> None:
        """End a probe that is under way."""
        if self._probe is not None:
            self._probe.kill()
            self._probe.wait()


def main(name: str, api: str, input_device: str) -> int:
    """Exit status 0 when PortAudio lists the device, and the input device if one is named."""
    from tsumami.engine.devices.portaudio import choose_input, choose_output

    try:
        output = choose_output(DeviceRequest(name, api))
        if input_device:
            choose_input(input_device, output)
    except DeviceError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
