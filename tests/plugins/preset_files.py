"""One small preset file of each format, put together by hand as the format's description says."""

import json
import struct
from collections.abc import Mapping, Set

from tsumami.plugins.presets import diva

AMSYNTH = b"amSynth\n<preset> <name> One\n<parameter> amp_attack 0.5\n<preset> <name> Two\nEOF\n"

PATCH = b"""
[[patch]]
name = "Rubber"
category = "bass"
tags = ["dark"]
parameters = { cutoff = 320, osc1_wave = "pulse" }
"""

VITAL = json.dumps(
    {
        "author": "Ada",
        "comments": "",
        "macro1": "Bright",
        "preset_name": "Glass",
        "preset_style": "Keys",
        "settings": {"osc_1_level": 0.5, "volume": 5000, "lfos": []},
        "synth_version": "1.5.5",
    }
).encode()


def h2p_text(values: Mapping[str, str] = {}, without: Set[str] = frozenset()) -> str:
    """A preset of Diva with every key but those of the parameters ``without``, at its default or value."""
    lines = ["/*@Meta", "", "Author:", "'Ada'", "", "Categories:", "'Bass:Plucks, Keys'", ""]
    lines += ["Character:", "'Evolving, Bright'", "", "*/", "", "#AM=Diva", "#Vers=10001", "#ms=none"]
    for section in dict.fromkeys(key.section for key in diva.KEYS):
        lines += [f"#cm={section}"]
        lines += [
            f"{key.key}={values.get(key.parameter, _spelled(key.default))}"
            for key in diva.KEYS
            if key.section == section and key.parameter not in without
        ]
    tail = "\n\n// Section for ugly compressed binary Data\n// DON'T TOUCH THIS\n\n$$$$2100\n?abc=\0\n"
    return "\n".join(lines) + tail


def _spelled(default: float | str) -> str:
    return f"'{default}'" if isinstance(default, str) else f"{default:.2f}"


H2P = h2p_text().encode("latin-1")


def vst2_file(kind: bytes, count: int, content: bytes, plugin_id: bytes = b"Test") -> bytes:
    """A VST2 container; its length counts what follows it."""
    head = kind + struct.pack(">i4sii", 1, plugin_id, 7, count)
    return b"CcnK" + struct.pack(">i", len(head) + len(content)) + head + content


def fxp_file(name: bytes, *values: float, plugin_id: bytes = b"Test") -> bytes:
    content = name.ljust(28, b"\0") + struct.pack(f">{len(values)}f", *values)
    return vst2_file(b"FxCk", len(values), content, plugin_id)


def chunk_content(chunk: bytes) -> bytes:
    return struct.pack(">i", len(chunk)) + chunk


FXP = fxp_file(b"Lead", 0.0, 0.25, 1.0)
FXP_CHUNK = vst2_file(b"FPCh", 1, b"Opaque".ljust(28, b"\0") + chunk_content(b"state\0\1"))
FXB = vst2_file(b"FxBk", 2, bytes(128) + fxp_file(b"A", 0.5) + fxp_file(b"B", 0.75))
FXB_CHUNK = vst2_file(b"FBCh", 1, bytes(128) + chunk_content(b"bank"))

SURGE_XML = b"""<?xml version="1.0" encoding="UTF-8" ?>
<patch revision="21"><meta name="Glow" category="Pads" author="Ada" comment="soft">
<tags><tag tag="Evolving"/><tag tag="warm"/></tags></meta>
<parameters><a_osc1_type type="0" value="3"/><volume type="2" value="-2.5"/></parameters></patch>"""
_SURGE_CHUNK = struct.pack("<4s7i", b"sub3", len(SURGE_XML), *[0] * 6) + SURGE_XML + b"wavetable"
SURGE = vst2_file(b"FPCh", 1, b"Glow".ljust(28, b"\0") + chunk_content(_SURGE_CHUNK), b"cjs3")

CLASS_ID = b"0123456789ABCDEF0123456789ABCDEF"
INFO = b"""\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>
<MetaInfo><Attribute id="Name" value="Choir" type="string" flags=""/>
<Attribute id="PlugInName" value="Chant" type="string"/>
<Attribute id="MusicalCategory" value="Pad" type="string"/>
<Attribute id="MusicalCharacter" value="Dark, Distorted" type="string"/>
<Attribute id="MediaType" value="VstPreset" type="string"/></MetaInfo>"""


def vstpreset_file(**chunks: bytes) -> bytes:
    offset, entries = 48, b""
    for name, chunk in chunks.items():
        entries += struct.pack("<4sqq", name.encode(), offset, len(chunk))
        offset += len(chunk)
    head = struct.pack("<4si32sq", b"VST3", 1, CLASS_ID, offset)
    return head + b"".join(chunks.values()) + b"List" + struct.pack("<i", len(chunks)) + entries


VSTPRESET = vstpreset_file(Comp=b"component", Cont=b"controller", Info=INFO)

FILES = {
    "amsynth": AMSYNTH,
    "h2p": H2P,
    "vstpreset": VSTPRESET,
    "surge": SURGE,
    "fxp": FXP,
    "fxb": FXB,
    "vital": VITAL,
    "patch": PATCH,
}
"""By the format's name."""
