"""The benchmark of hosted plugins, on a real JACK server."""

import os
import shutil
from pathlib import Path

import pytest

from tests.leftovers import assert_nothing_left
from tsumami.bridge.bench import plugin


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("jackd") is None and not os.environ.get("CI"),
    reason="jackd is not installed (on Debian: apt-get install jackd2)",
)
def test_the_way_to_the_plugin_adds_one_block(instrument_plugin: Path) -> None:
    report = plugin.run(instrument_plugin, seconds=2.0, block_sizes=[256])
    values = {row.what: row.value for row in report.rows}
    assert values["256 frames: blocks"] > 100
    assert values["256 frames: restarts of the plugin"] == 0
    assert values["256 frames: delay by the way to its process"] == 256
    assert any(row.peer == "C pass-through" for row in report.rows)
    assert_nothing_left()
