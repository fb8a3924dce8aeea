"""Debian's amsynth: without it the tests that need it are skipped, but fail in CI."""

import os
from pathlib import Path

import pytest

from tsumami.plugins.presets.amsynth_ranges import PLUGIN_PATH

BANKS = Path("/usr/share/amsynth/banks")

needs_amsynth = pytest.mark.skipif(
    not (BANKS.is_dir() and PLUGIN_PATH.exists()) and not os.environ.get("CI"),
    reason="amsynth is not installed (on Debian: apt-get install amsynth)",
)
