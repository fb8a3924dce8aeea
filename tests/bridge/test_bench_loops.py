"""The benchmark of loops, on a real JACK server."""

import os
import shutil

import pytest

from tests.leftovers import assert_nothing_left
from tsumami.bridge.bench import loops


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("jackd") is None and not os.environ.get("CI"),
    reason="jackd is not installed (on Debian: apt-get install jackd2)",
)
def test_changes_are_at_the_bar_line_and_loops_are_made_while_blocks_play() -> None:
    report = loops.run(rounds=20, changes=3, seconds=2.0)
    assert report.bench == "loops-live"
    values = {row.what: row.value for row in report.rows}
    for kind in ("bass", "drums"):
        assert values[f"{kind}, 1 bar of 2 s: made in, p99"] > 0
        assert values[f"{kind}: largest step at a change, of 3"] <= 100
        assert values[f"{kind}: changes that were not at the bar line"] == 0
    assert values["128 frames: loops made"] > 0
    assert values["128 frames: blocks"] > 100
    assert any(row.peer == "C pass-through" for row in report.rows)
    assert_nothing_left()
