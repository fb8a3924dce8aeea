"""Drum kits of the drum machine Hydrogen, as Debian's `hydrogen-data` and `hydrogen-drumkits` have them."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Final

from tsumami.engine.errors import SoundError
from tsumami.training.groove.drum_kit import DrumKit, DrumSample, drum_sample, whole_kit
from tsumami.training.groove.sound_file import read_mono

LEARNED_KITS: Final = (
    "BJA_Pacific",
    "ColomboAcousticDrumkit",
    "ForzeeStereo",
    "Millo_MultiLayered2",
    "TR808EmulationKit",
    "VariBreaks",
)
"""What the hit detector has heard when it was trained …"""
UNHEARD_KIT: Final = "GMRockKit"
"""… and what it has not."""

_NAMES: Final = {
    "ks": r"kick|bass ?drum",
    "ss": r"stick|rim click",
    "se": r"snare.*rim",
    "sc": r"snare",
    "tl": r"floor|tom.*low|low tom|tom 3",
    "tm": r"tom.*mid|middle tom|tom 2",
    "th": r"tom",
    "hf": r"(hat|hh|hi-hat).*(ped|pd)|pedal",
    "hh": r"semi",
    "hc": r"(hat|hh|hi-hat).*(clos|\bcl\b)|clos.*(hat|hh)",
    "ho": r"(hat|hh|hi-hat).*(open|\bop\b)|open.*(hat|hh)",
    "bell": r"bell",
    "crash": r"crash|splash|china|cymbal",
    "ride": r"ride",
}
"""By the first of these that an instrument's name contains; others are left out."""


def read_hydrogen_kit(folder: Path, sample_rate: int) -> DrumKit:
    """The kit of a folder with a ``drumkit.xml``: every layer a velocity layer of one sample.

    Raises `SoundError`.
    """
    path = folder / "drumkit.xml"
    try:
        root = ElementTree.fromstring(re.sub(rb'\sxmlns="[^"]+"', b"", path.read_bytes()))
    except (OSError, ElementTree.ParseError) as error:
        raise SoundError(f"kits must be folders of Hydrogen's drum kits, got {path} ({error})") from error
    voices: dict[str, list[list[DrumSample]]] = {}
    for instrument in root.iter("instrument"):
        articulation = _articulation_of(instrument.findtext("name") or "")
        layers = [[sample] for sample in _samples(folder, instrument, sample_rate)]
        if articulation and layers and articulation not in voices:
            voices[articulation] = layers
    return whole_kit(sample_rate, voices, folder)


def _articulation_of(name: str) -> str | None:
    return next((key for key, pattern in _NAMES.items() if re.search(pattern, name.lower())), None)


def _samples(folder: Path, instrument: ElementTree.Element, sample_rate: int) -> list[DrumSample]:
    """Of an instrument, from soft to loud."""
    layers = sorted(instrument.iter("layer"), key=lambda layer: float(layer.findtext("min") or 0.0))
    names = [layer.findtext("filename") for layer in layers] or [instrument.findtext("filename")]
    paths = [folder / name for name in names if name]
    return [drum_sample(read_mono(path, sample_rate), sample_rate) for path in paths if path.is_file()]
