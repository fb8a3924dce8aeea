"""The amsynth plugin and its banks, as Debian installs them; for `tests.amsynth.require_amsynth`."""

from pathlib import Path

PLUGIN = Path("/usr/lib/vst/amsynth_vst.so")
BANKS = Path("/usr/share/amsynth/banks")
SMALL_BANK = BANKS / "amsynth_factory.bank"  # 26 presets
BANK = BANKS / "BriansBank01.amSynth.bank"  # 128 presets
