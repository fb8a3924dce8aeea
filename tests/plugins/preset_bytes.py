"""What every format owes to bytes that are not of it."""

from tsumami.engine import ParameterError
from tsumami.plugins.presets.formats import Format
from tsumami.plugins.presets.preset import Preset


def assert_read_or_refused(module: Format, data: bytes) -> tuple[Preset, ...]:
    """The presets of ``data``; none when it is refused, which takes one line and nothing else."""
    try:
        return module.decode(data, "file")
    except ParameterError as error:
        said = str(error)
    assert len(said.splitlines()) == 1, f"the error must be one line: {said!r}"
    return ()
