"""The amsynth plugin and its banks, where the system has them."""

import os
from pathlib import Path

import pytest

PLUGIN = Path("/usr/lib/vst/amsynth_vst.so")
BANKS = Path("/usr/share/amsynth/banks")
SMALL_BANK = BANKS / "amsynth_factory.bank"  # 26 presets
BANK = BANKS / "BriansBank01.amSynth.bank"  # 128 presets


def need_amsynth() -> None:
    """Skip the test that asked where amsynth is not installed; fail it in CI."""
    if not PLUGIN.is_file():
        if os.environ.get("CI"):
            pytest.fail("amsynth must be installed in CI, got none; `make test` installs it")
        pytest.skip("amsynth is not installed (on Debian: apt-get install amsynth)")
