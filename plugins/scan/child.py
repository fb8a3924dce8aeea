"""The process that loads one plugin and says what it is; whatever the plugin does, only this process dies.

Started as ``python -m tsumami.plugins.scan.child REQUEST`` with a JSON `Request`. It writes an `Answer` a
line to its standard output; of two with one number the later holds. What the plugin prints is dropped.
"""

import faulthandler
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tsumami.engine.errors import TsumamiError
from tsumami.plugins.scan.report import Format, PluginReport

_GRACE_SECONDS = 5.0
"""Left to whoever started this to end it; then it ends itself, so that no hung plugin outlives its host."""


class Request(msgspec.Struct, frozen=True):
    """What to look at; ``name`` chooses one plugin of several in a file.

    ``only_identity`` reads the module and leaves pedalboard and DawDreamer out: name, vendor, version, id and
    kind.
    """

    path: str
    format: Format
    limit_seconds: float
    name: str | None = None
    only_identity: bool = False


class Answer(msgspec.Struct, frozen=True):
    """A report of the plugin of this number in the file."""

    number: int
    report: PluginReport


def main(words: str) -> None:
    """Answer one request."""
    request = msgspec.json.decode(words, type=Request)
    # From a thread of its own that needs no GIL, which a hung plugin may hold.
    faulthandler.dump_traceback_later(request.limit_seconds + _GRACE_SECONDS, exit=True)
    answers = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(answers, "wb") as stream:
        for number, report in _reports(request):
            stream.write(msgspec.json.encode(Answer(number, report)) + b"\n")
            stream.flush()  # the plugin may end us next
    # Plugins are not made to be unloaded in whatever order an interpreter ends.
    os._exit(0)


def _reports(request: Request) -> Iterator[tuple[int, PluginReport]]:
    path = Path(request.path)
    try:
        if request.format == "VST3":
            from tsumami.plugins.scan.vst3 import vst3_identity, vst3_reports

            if request.only_identity:
                yield 0, vst3_identity(path, request.name)
            else:
                yield from vst3_reports(path, request.name)
        else:
            from tsumami.plugins.scan.vst2 import vst2_identity, vst2_reports

            if request.only_identity:
                yield 0, vst2_identity(path)
            else:
                yield from vst2_reports(path)
    except TsumamiError as error:
        yield 0, PluginReport(request.path, request.format, failure=str(error))


if __name__ == "__main__":
    main(sys.argv[1])
