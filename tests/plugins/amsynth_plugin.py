"""The amsynth plugin and its banks, as Debian installs them; for `tests.amsynth.require_amsynth`."""

import os
from pathlib import Path

import pytest

PLUGIN = Path("/usr/lib/vst/amsynth_vst.so")
BANKS = Path("/usr/share/amsynth/banks")
SMALL_BANK = BANKS / "amsynth_factory.bank"  # 26 presets
BANK = BANKS / "BriansBank01.amSynth.bank"  # 128 presets

needs_amsynth = pytest.mark.skipif(
    not (BANKS.is_dir() and PLUGIN.exists()) and not os.environ.get("CI"),
    reason="amsynth is not installed (on Debian: apt-get install amsynth)",
)
"""Skips without amsynth, but fails in CI."""
