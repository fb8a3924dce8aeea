"""The tables of a session file: its schema, as structs with a description and a rule for each field."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

MACRO_NAMES = ("bright", "aggressive", "moving", "percussive", "long", "thick", "noisy", "wide")
"""The eight macros of the model that ships, in the order of their default knobs CC 20-27."""

SourceKind = Literal["cc", "nrpn", "rpn", "bend", "pressure"]
CurveName = Literal["linear", "exponential", "logarithmic", "s"]
Takeover = Literal["jump", "pickup", "scale", "relative"]
Encoder = Literal["twos", "offset", "sign"]
Action = Literal["recall", "store", "undo", "redo", "compare", "panic"]

_MACRO_KNOBS = range(20, 32)
"""Controllers that MIDI leaves undefined."""


def _meta(description: str, **rules: Any) -> Meta:
    return Meta(description=description, **rules)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all tables of a session share: immutable, and no field that is not listed."""


class Device(_Table, frozen=True):
    """Where the sound goes, and how fast."""

    name: Annotated[
        str,
        _meta('"auto" (the system\'s default), "null" (no sound hardware), or a part of a device\'s name'),
    ] = "auto"
    api: Annotated[
        str | None, _meta('sound system to look in, such as "ALSA", "JACK", "Core Audio", "WASAPI"')
    ] = None
    sample_rate: Annotated[int, _meta("samples per second", ge=8000, le=192000)] = 48000
    block_size: Annotated[int, _meta("frames per audio callback", ge=16, le=8192)] = 128


class Input(_Table, frozen=True):
    """What comes in from outside and is mixed with the instrument."""

    source: Annotated[Literal["none", "device"], _meta("where it comes from")] = "none"
    device: Annotated[
        str,
        _meta(
            '"auto" (the device of the output, or the default of its sound system), or a part of a device\'s '
            "name",
            min_length=1,
        ),
    ] = "auto"
    channels: Annotated[int, _meta("2, or 1 to take only the first and put it on both sides", ge=1, le=2)] = 2
    gain_db: Annotated[float, _meta("gain of what comes in", ge=-90.0, le=36.0)] = 0.0
    monitor: Annotated[bool, _meta("let it be heard; without, it is only measured")] = True
    repair: Annotated[bool, _meta("continue the sound where samples are missing")] = False
    detect: Annotated[
        bool, _meta("blocks of zeros amid sound, or the same once more, are missing too, unless told")
    ] = False


class Midi(_Table, frozen=True):
    """Which MIDI inputs are listened to."""

    api: Annotated[
        Literal["auto", "alsa", "jack", "coremidi", "winmm"],
        _meta("MIDI system; auto takes the first that runs"),
    ] = "auto"
    inputs: Annotated[
        list[Annotated[str, Meta(min_length=1)]],
        _meta("parts of port names to open, upper and lower case alike; empty opens all"),
    ] = field(default_factory=list)
    virtual: Annotated[bool, _meta('offer an input port "tsumami" to other programs, where MIDI can')] = True
    channel: Annotated[int, _meta("MIDI channel 1-16, or 0 for all", ge=0, le=16)] = 0
    controller: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        _meta("a controller whose knobs and buttons are mapped, where the session has no `[[map]]`"),
    ] = None
    feedback: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        _meta("part of the name of a controller's port that is sent where its knobs' targets stand"),
    ] = None
    output: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        _meta(
            "part of the name of the port that an external instrument and `[[send]]` play to; "
            'when absent they offer a port "tsumami"'
        ),
    ] = None


class Osc(_Table, frozen=True):
    """Open Sound Control: other programs move what there is, and are told what moves."""

    port: Annotated[
        Annotated[int, Meta(ge=0, le=65535)] | None,
        _meta("UDP port to listen on, 0 for any that is free; when absent there is no OSC"),
    ] = None
    host: Annotated[
        str, _meta('address to listen on; "0.0.0.0" lets everybody on the network in', min_length=1)
    ] = "127.0.0.1"


class Instrument(_Table, frozen=True):
    """What makes the sound."""

    kind: Annotated[
        Literal["builtin", "plugin", "external"],
        _meta(
            "which instrument: the built-in synthesizer, a VST3 plugin, or one that sounds elsewhere and is "
            "played by MIDI, and by `[[send]]`"
        ),
    ] = "builtin"
    path: Annotated[str | None, _meta("VST3 file or bundle of a plugin")] = None
    plugin: Annotated[str | None, _meta("which plugin, where the file holds several")] = None
    preset: Annotated[str | None, _meta("preset that a plugin starts with")] = None
    bank: Annotated[
        str | None,
        _meta(
            "patch bank (TOML), the instrument's own when absent; of a plugin, a folder of presets that "
            "program changes choose from"
        ),
    ] = None
    patch: Annotated[
        str | None,
        _meta('name of the first patch; when absent the bank\'s first, and "Warm Evening" of the own bank'),
    ] = None

    def __post_init__(self) -> None:
        if (self.kind == "plugin") != (self.path is not None):
            raise ValueError(f'a path with kind = "plugin", and only then, got {self.path} with {self.kind}')
        if self.kind != "plugin" and (self.preset is not None or self.plugin is not None):
            raise ValueError(f'a preset or plugin with kind = "plugin" only, got it with {self.kind}')


class Effect(_Table, frozen=True):
    """One VST3 effect between the instrument and the output; they stand in the order of the file."""

    path: Annotated[str, _meta("VST3 file or bundle")]
    plugin: Annotated[str | None, _meta("which plugin, where the file holds several")] = None
    name: Annotated[str | None, _meta("what maps call it; the file's name when absent")] = None
    preset: Annotated[str | None, _meta("preset that it starts with")] = None
    bypass: Annotated[bool, _meta("start bypassed")] = False

    @property
    def label(self) -> str:
        """What maps call it."""
        return self.name or PurePath(self.path).stem


class Macros(_Table, frozen=True):
    """The model that turns eight knobs into all parameters."""

    model: Annotated[
        str,
        _meta(
            '"builtin" or "amsynth", which ship, or the path of a macro model (ONNX); a plugin, and amsynth '
            "outside, have macros of their own only by a model of their own"
        ),
    ] = "builtin"
    provider: Annotated[Literal["auto", "cpu", "cuda"], _meta("where the model runs")] = "auto"


class Map(_Table, frozen=True):
    """One knob and exactly one thing that it moves."""

    cc: Annotated[Annotated[int, Meta(ge=0, le=119)] | None, _meta("MIDI control change number")] = None
    bits: Annotated[
        Literal[7, 14], _meta("14 where a `cc` 0-31 has its fine half in the control change 32 above")
    ] = 7
    nrpn: Annotated[Annotated[int, Meta(ge=0, le=16382)] | None, _meta("non-registered parameter number")] = (
        None
    )
    rpn: Annotated[Annotated[int, Meta(ge=0, le=16382)] | None, _meta("registered parameter number")] = None
    bend: Annotated[bool, _meta("pitch bend, which then bends no note")] = False
    pressure: Annotated[bool, _meta("channel pressure, which then presses no note")] = False
    channel: Annotated[int, _meta("MIDI channel 1-16, or 0 for all", ge=0, le=16)] = 0
    macro: Annotated[str | None, _meta("name of a macro")] = None
    parameter: Annotated[
        str | None,
        _meta('name of a parameter of the instrument or effect; of plugins also "#index" or "id:number"'),
    ] = None
    effect: Annotated[str | None, _meta("name of the effect that `parameter` or `bypass` is of")] = None
    bypass: Annotated[bool, _meta("bypass that effect from the knob's middle on")] = False
    gain: Annotated[bool, _meta("move the output gain, silence to `output.gain_db`")] = False
    action: Annotated[
        Action | None, _meta("what a button does when it is pressed; `recall` and `store` need a `slot`")
    ] = None
    slot: Annotated[
        Annotated[int, Meta(ge=1, le=128)] | None, _meta("number of the snapshot that an `action` is about")
    ] = None
    morph: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=128)], Annotated[int, Meta(ge=1, le=128)]] | None,
        _meta("two snapshots that the knob goes between"),
    ] = None
    morph_by: Annotated[
        Literal["latent", "parameters"],
        _meta("the way between them: through the model's latent, or straight from parameter to parameter"),
    ] = "latent"
    low: Annotated[float, _meta("where the target stands when the knob is lowest", ge=0, le=1)] = 0.0
    high: Annotated[
        float, _meta("… and when it is highest; below `low` it turns the knob over", ge=0, le=1)
    ] = 1.0
    curve: Annotated[
        CurveName,
        _meta("how the target follows: evenly, late, early, or in the middle"),
    ] = "linear"
    takeover: Annotated[
        Takeover,
        _meta("what happens where knob and target stand apart; `relative` is for endless encoders"),
    ] = "jump"
    encoder: Annotated[
        Encoder,
        _meta("how an endless encoder counts up and down: 1 and 127, 65 and 63, or 1 and 65"),
    ] = "twos"
    step: Annotated[float, _meta("how far a tick of an endless encoder goes", gt=0, le=1)] = 1 / 127

    @property
    def source(self) -> tuple[SourceKind, int]:
        """Kind and number of what is turned."""
        if self.cc is not None:
            return "cc", self.cc
        if self.nrpn is not None:
            return "nrpn", self.nrpn
        if self.rpn is not None:
            return "rpn", self.rpn
        return ("bend" if self.bend else "pressure"), 0

    @property
    def label(self) -> str:
        """What is turned, in few words."""
        kind, number = self.source
        return kind if self.bend or self.pressure else f"{kind.upper()} {number}"

    def __post_init__(self) -> None:
        self._check_source()
        self._check_target()

    def _check_source(self) -> None:
        sources = sum(number is not None for number in (self.cc, self.nrpn, self.rpn))
        sources += self.bend + self.pressure
        if sources != 1:
            raise ValueError(
                f"exactly one of cc, nrpn, rpn, bend = true, pressure = true, got {sources} of them"
            )
        if self.cc == 64:
            raise ValueError("a map of a cc other than 64, which is the sustain pedal, got cc 64")
        if self.bits == 14 and (self.cc is None or self.cc > 31):
            raise ValueError(f"14 bits with a cc of 0-31 only, got them with {self.label}")
        if self.takeover == "relative" and (self.cc is None or self.bits == 14):
            raise ValueError(f"takeover relative with a cc of 7 bits only, got it with {self.label}")

    def _check_target(self) -> None:
        names = (self.macro, self.parameter, self.action, self.morph)
        targets = sum(name is not None for name in names) + self.bypass + self.gain
        if targets != 1:
            raise ValueError(
                "exactly one of macro, parameter, action, morph, bypass = true, gain = true, "
                f"got {targets} of them"
            )
        if (self.slot is not None) != (self.action in ("recall", "store")):
            raise ValueError(f"a slot with action recall or store, and only then, got {self.slot}")
        if self.bypass and self.effect is None:
            raise ValueError("a map with bypass and the effect that it is of, got no effect")
        if self.effect is not None and not self.bypass and self.parameter is None:
            raise ValueError("a map of an effect with one of its parameters or bypass, got neither")


class Send(_Table, frozen=True):
    """One parameter that goes out as a control change whenever it moves."""

    parameter: Annotated[str, _meta("name of an instrument parameter")]
    cc: Annotated[int, _meta("MIDI control change number", ge=0, le=119)]
    channel: Annotated[int, _meta("MIDI channel", ge=1, le=16)] = 1
    low: Annotated[float, _meta("where the control stands when the parameter is lowest", ge=0, le=1)] = 0.0
    high: Annotated[
        float, _meta("… and when it is highest; below `low` it turns the control over", ge=0, le=1)
    ] = 1.0


class Output(_Table, frozen=True):
    """The end of the strip."""

    gain_db: Annotated[float, _meta("output gain", ge=-90.0, le=12.0)] = 0.0
    limiter_db: Annotated[float, _meta("ceiling that no sample passes", ge=-24.0, le=0.0)] = -1.0
    record: Annotated[str | None, _meta("WAV file to record to (32-bit float)")] = None


def default_maps(macros: Sequence[str] = MACRO_NAMES) -> list[Map]:
    """CC 20 and those after it on the macros, and the modulation wheel (CC 1) on "moving"."""
    knobs = [Map(cc=cc, macro=name) for cc, name in zip(_MACRO_KNOBS, macros, strict=False)]
    return [*knobs, *(Map(cc=1, macro=name) for name in macros if name == "moving")]


class Session(_Table, frozen=True):
    """Everything that one session of playing needs to know; every table may be left out."""

    device: Device = field(default_factory=Device)
    input: Input = field(default_factory=Input)
    midi: Midi = field(default_factory=Midi)
    osc: Osc = field(default_factory=Osc)
    instrument: Instrument = field(default_factory=Instrument)
    macros: Macros = field(default_factory=Macros)
    maps: list[Map] = field(default_factory=default_maps, name="map")
    effects: list[Effect] = field(default_factory=list)
    sends: list[Send] = field(default_factory=list, name="send")
    output: Output = field(default_factory=Output)

    @property
    def has_midi_output(self) -> bool:
        """Whether what is played also goes out by MIDI."""
        return self.instrument.kind == "external" or self.midi.output is not None or bool(self.sends)

    @property
    def takes_controllers(self) -> bool:
        """Whether controllers that no map takes go on to the instrument, or out."""
        return self.has_midi_output or self.instrument.kind == "plugin"


TABLES: dict[str, type[msgspec.Struct]] = {
    "device": Device,
    "input": Input,
    "midi": Midi,
    "osc": Osc,
    "instrument": Instrument,
    "macros": Macros,
    "map": Map,
    "effects": Effect,
    "send": Send,
    "output": Output,
}
"""The tables of a session file by the names that they have there."""
