"""The tables of a session file: its schema, as structs with a description and a rule for each field."""

from pathlib import PurePath
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from tsumami.bridge.session.map_tables import Map, Send, Sync, default_maps
from tsumami.bridge.session.table import Table, meta

VERSION = 1
"""Of the session file: one more whenever a file of the new version may not be understood by the last."""
SLOWEST_BPM, FASTEST_BPM = 20.0, 300.0
"""Of a session's tempo."""


class Device(Table, frozen=True):
    """Where the sound goes, and how fast."""

    name: Annotated[
        str,
        meta('"auto" (the system\'s default), "null" (no sound hardware), or a part of a device\'s name'),
    ] = "auto"
    api: Annotated[
        str | None, meta('sound system to look in, such as "ALSA", "JACK", "Core Audio", "WASAPI"')
    ] = None
    sample_rate: Annotated[int, meta("samples per second", ge=8000, le=192000)] = 48000
    block_size: Annotated[int, meta("frames per audio callback", ge=16, le=8192)] = 128


class Input(Table, frozen=True):
    """What comes in from outside and is mixed with the instrument."""

    source: Annotated[Literal["none", "device"], meta("where it comes from")] = "none"
    device: Annotated[
        str,
        meta(
            '"auto" (the device of the output, or the default of its sound system), or a part of a device\'s '
            "name",
            min_length=1,
        ),
    ] = "auto"
    channels: Annotated[int, meta("2, or 1 to take only the first and put it on both sides", ge=1, le=2)] = 2
    gain_db: Annotated[float, meta("gain of what comes in", ge=-90.0, le=36.0)] = 0.0
    monitor: Annotated[bool, meta("let it be heard; without, it is only measured")] = True
    repair: Annotated[bool, meta("continue the sound where samples are missing")] = False
    model: Annotated[
        str,
        meta(
            'what weighs the continuation: "builtin", an ONNX file of `tsumami train mixer`, or "none"',
            min_length=1,
        ),
    ] = "builtin"
    detect: Annotated[
        bool, meta("blocks of zeros amid sound, or the same once more, are missing too, unless told")
    ] = False


class Midi(Table, frozen=True):
    """Which MIDI inputs are listened to."""

    api: Annotated[
        Literal["auto", "alsa", "jack", "coremidi", "winmm"],
        meta("MIDI system; auto takes the first that runs"),
    ] = "auto"
    inputs: Annotated[
        list[Annotated[str, Meta(min_length=1)]],
        meta("parts of port names to open, upper and lower case alike; empty opens all"),
    ] = field(default_factory=list)
    virtual: Annotated[bool, meta('offer an input port "tsumami" to other programs, where MIDI can')] = True
    channel: Annotated[int, meta("MIDI channel 1-16, or 0 for all", ge=0, le=16)] = 0
    mpe: Annotated[
        bool, meta("channels 2-16 bend and press their own notes (MPE); of the built-in instrument")
    ] = False
    mpe_semitones: Annotated[
        int, meta("how far they bend, as the controller is set: 48 by the standard", ge=1, le=96)
    ] = 48
    controller: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        meta("a controller whose knobs and buttons are mapped, where the session has no `[[map]]`"),
    ] = None
    feedback: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        meta("part of the name of a controller's port that is sent where its knobs' targets stand"),
    ] = None
    output: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        meta(
            "part of the name of the port that an external instrument and `[[send]]` play to; "
            'when absent they offer a port "tsumami"'
        ),
    ] = None


class Osc(Table, frozen=True):
    """Open Sound Control: other programs move what there is, and are told what moves."""

    port: Annotated[
        Annotated[int, Meta(ge=0, le=65535)] | None,
        meta("UDP port to listen on, 0 for any that is free; when absent there is no OSC"),
    ] = None
    host: Annotated[
        str, meta('address to listen on; "0.0.0.0" lets everybody on the network in', min_length=1)
    ] = "127.0.0.1"


class Page(Table, frozen=True):
    """The page that a browser shows."""

    on: Annotated[bool, meta("serve it")] = True
    port: Annotated[
        int, meta("TCP port; another is taken where it is not free, and for 0 any that is", ge=0, le=65535)
    ] = 7770
    host: Annotated[
        str,
        meta(
            'address to listen on; "0.0.0.0" lets the network in, and only with a `--page-token`',
            min_length=1,
        ),
    ] = "127.0.0.1"


class Tempo(Table, frozen=True):
    """The beat that loops, synchronised parameters and MIDI clock share."""

    source: Annotated[
        Literal["own", "midi", "link"],
        meta("who leads: this session, MIDI clock at its inputs, or Ableton Link"),
    ] = "own"
    bpm: Annotated[
        float, meta("beats a minute, to begin with where another leads", ge=SLOWEST_BPM, le=FASTEST_BPM)
    ] = 120.0
    send: Annotated[bool, meta("send MIDI clock to the MIDI output")] = False


class Loop(Table, frozen=True):
    """The loop player beside the instrument; it goes by the session's tempo."""

    kind: Annotated[Literal["none", "bass", "drums"], meta("what it plays, if anything")] = "none"
    bars: Annotated[int, meta("length of a loop", ge=1, le=8)] = 1
    seed: Annotated[int, meta("which loop it begins with", ge=0, le=1 << 20)] = 1
    density: Annotated[float, meta("share of the sixteenths with a sound on them", ge=0, le=1)] = 0.5
    brightness: Annotated[float, meta("from dark to bright", ge=0, le=1)] = 0.5
    level_db: Annotated[float, meta("level of the loop", ge=-90.0, le=12.0)] = -6.0
    model: Annotated[str | None, meta("loops model (ONNX); the one that ships when absent")] = None


class Groove(Table, frozen=True):
    """How early or late the input's drums are, on the page."""

    on: Annotated[bool, meta("hear them")] = False
    reference: Annotated[
        str | None,
        meta(
            "MIDI file or recording that they are held against; the session's tempo, or theirs, when absent"
        ),
    ] = None


class Timbre(Table, frozen=True):
    """Sounds found by ear, on the page."""

    index: Annotated[
        str | None,
        meta(
            'what is searched: "builtin" (the built-in bank), or a file of `tsumami timbre index`; nothing '
            "when absent"
        ),
    ] = None


class Instrument(Table, frozen=True):
    """What makes the sound."""

    kind: Annotated[
        Literal["builtin", "plugin", "external"],
        meta(
            "which instrument: the built-in synthesizer, a VST3 plugin, or one that sounds elsewhere and is "
            "played by MIDI, and by `[[send]]`"
        ),
    ] = "builtin"
    path: Annotated[str | None, meta("VST3 file or bundle of a plugin")] = None
    plugin: Annotated[str | None, meta("which plugin, where the file holds several")] = None
    preset: Annotated[str | None, meta("preset that a plugin starts with")] = None
    bank: Annotated[
        str | None,
        meta(
            "patch bank (TOML), the instrument's own when absent; of a plugin, a folder of presets that "
            "program changes choose from"
        ),
    ] = None
    patch: Annotated[
        str | None,
        meta('name of the first patch; when absent the bank\'s first, and "Warm Evening" of the own bank'),
    ] = None

    def __post_init__(self) -> None:
        if (self.kind == "plugin") != (self.path is not None):
            raise ValueError(f'a path with kind = "plugin", and only then, got {self.path} with {self.kind}')
        if self.kind != "plugin" and (self.preset is not None or self.plugin is not None):
            raise ValueError(f'a preset or plugin with kind = "plugin" only, got it with {self.kind}')


class Effect(Table, frozen=True):
    """One VST3 effect between the instrument and the output; they stand in the order of the file."""

    path: Annotated[str, meta("VST3 file or bundle")]
    plugin: Annotated[str | None, meta("which plugin, where the file holds several")] = None
    name: Annotated[str | None, meta("what maps call it; the file's name when absent")] = None
    preset: Annotated[str | None, meta("preset that it starts with")] = None
    bypass: Annotated[bool, meta("start bypassed")] = False

    @property
    def label(self) -> str:
        """What maps call it."""
        return self.name or PurePath(self.path).stem


class Macros(Table, frozen=True):
    """The model that turns eight knobs into all parameters."""

    model: Annotated[
        str,
        meta(
            '"builtin" or "amsynth", which ship, or the path of a macro model (ONNX); a plugin, and amsynth '
            "outside, have macros of their own only by a model of their own"
        ),
    ] = "builtin"
    provider: Annotated[Literal["auto", "cpu", "cuda"], meta("where the model runs")] = "auto"


class Output(Table, frozen=True):
    """The end of the strip."""

    gain_db: Annotated[float, meta("output gain", ge=-90.0, le=12.0)] = 0.0
    limiter_db: Annotated[float, meta("ceiling that no sample passes", ge=-24.0, le=0.0)] = -1.0
    record: Annotated[str | None, meta("WAV file to record to (32-bit float)")] = None


class Session(Table, frozen=True):
    """Everything that one session of playing needs to know; every table may be left out."""

    device: Device = field(default_factory=Device)
    input: Input = field(default_factory=Input)
    midi: Midi = field(default_factory=Midi)
    osc: Osc = field(default_factory=Osc)
    page: Page = field(default_factory=Page)
    tempo: Tempo = field(default_factory=Tempo)
    loop: Loop = field(default_factory=Loop)
    groove: Groove = field(default_factory=Groove)
    timbre: Timbre = field(default_factory=Timbre)
    instrument: Instrument = field(default_factory=Instrument)
    macros: Macros = field(default_factory=Macros)
    maps: list[Map] = field(default_factory=default_maps, name="map")
    effects: list[Effect] = field(default_factory=list)
    sends: list[Send] = field(default_factory=list, name="send")
    syncs: list[Sync] = field(default_factory=list, name="sync")
    output: Output = field(default_factory=Output)
    version: Annotated[int, meta("version of the session file", ge=1)] = VERSION

    @property
    def has_midi_output(self) -> bool:
        """Whether what is played also goes out by MIDI."""
        is_played = self.instrument.kind == "external" or self.midi.output is not None
        return is_played or bool(self.sends) or self.tempo.send

    @property
    def hears_expression(self) -> bool:
        """Whether fingers have notes of their own here: plugins and synths outside see to it themselves."""
        return self.midi.mpe and self.instrument.kind == "builtin"

    @property
    def takes_controllers(self) -> bool:
        """Whether controllers that no map takes go on to the instrument, or out."""
        return self.has_midi_output or self.instrument.kind == "plugin"


TABLES: dict[str, type[msgspec.Struct]] = {
    "device": Device,
    "input": Input,
    "midi": Midi,
    "osc": Osc,
    "page": Page,
    "tempo": Tempo,
    "loop": Loop,
    "groove": Groove,
    "timbre": Timbre,
    "instrument": Instrument,
    "macros": Macros,
    "map": Map,
    "effects": Effect,
    "send": Send,
    "sync": Sync,
    "output": Output,
}
"""The tables of a session file by the names that they have there."""
