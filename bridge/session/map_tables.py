"""The tables of a session file that say which knob moves what, and what follows it."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from tsumami.bridge.session.table import Table, meta

MACRO_NAMES = ("bright", "aggressive", "moving", "percussive", "long", "thick", "noisy", "wide")
"""The eight macros of the model that ships, in the order of their default knobs CC 20-27."""

LATENTS = 32
"""Dimensions of its latent."""

SourceKind = Literal["cc", "nrpn", "rpn", "bend", "pressure", "poly_pressure", "program"]
CurveName = Literal["linear", "exponential", "logarithmic", "s"]
Takeover = Literal["jump", "pickup", "scale", "relative"]
Encoder = Literal["twos", "offset", "sign"]
LoopTarget = Literal["level", "turn", "density", "brightness", "seed", "mute", "solo", "hold", "next", "undo"]
RepairTarget = Literal["on", "hold"]
GrooveTarget = Literal["reset", "sensitivity", "reference"]
Action = Literal["recall", "store", "undo", "redo", "compare", "panic", "randomise", "tap", "start", "stop"]

_MACRO_KNOBS = range(20, 32)
"""Controllers that MIDI leaves undefined."""


class Map(Table, frozen=True):
    """One knob and exactly one thing that it moves."""

    cc: Annotated[Annotated[int, Meta(ge=0, le=119)] | None, meta("MIDI control change number")] = None
    bits: Annotated[
        Literal[7, 14], meta("14 where a `cc` 0-31 has its fine half in the control change 32 above")
    ] = 7
    nrpn: Annotated[Annotated[int, Meta(ge=0, le=16382)] | None, meta("non-registered parameter number")] = (
        None
    )
    rpn: Annotated[Annotated[int, Meta(ge=0, le=16382)] | None, meta("registered parameter number")] = None
    bend: Annotated[bool, meta("pitch bend, which then bends no note")] = False
    pressure: Annotated[bool, meta("channel pressure, which then presses no note")] = False
    poly_pressure: Annotated[
        Annotated[int, Meta(ge=0, le=127)] | None,
        meta("note whose pressure it is, which then presses no note"),
    ] = None
    program: Annotated[
        Annotated[int, Meta(ge=0, le=127)] | None,
        meta("number of a program change, which is then a button and chooses no patch"),
    ] = None
    channel: Annotated[int, meta("MIDI channel 1-16, or 0 for all", ge=0, le=16)] = 0
    macro: Annotated[str | None, meta("name of a macro")] = None
    latent: Annotated[
        Annotated[int, Meta(ge=0, le=1023)] | None,
        meta("number, from 0, of a dimension of the macro model's latent"),
    ] = None
    parameter: Annotated[
        str | None,
        meta('name of a parameter of the instrument or effect; of plugins also "#index" or "id:number"'),
    ] = None
    effect: Annotated[str | None, meta("name of the effect that `parameter` or `bypass` is of")] = None
    bypass: Annotated[bool, meta("bypass that effect from the knob's middle on")] = False
    gain: Annotated[bool, meta("move the output gain, silence to `output.gain_db`")] = False
    tempo: Annotated[bool, meta("move the tempo, up to 300 beats a minute")] = False
    loop: Annotated[
        LoopTarget | None,
        meta(
            "what it moves of the loop player: a knob for its level, the turn to the next seed, density, "
            "brightness or the seed (0-127), a switch that mutes it, holds it or lets it play alone, a "
            "button for the next or the last seed"
        ),
    ] = None
    repair: Annotated[
        RepairTarget | None,
        meta(
            "what it moves of the input's repair: a switch that turns it on, or how long gaps go on before "
            "they fade, up to a second"
        ),
    ] = None
    groove: Annotated[
        GrooveTarget | None,
        meta(
            "what it moves of the groove: a button that forgets what was heard, how weak hits may be, or a "
            "switch from the tempo to the reference"
        ),
    ] = None
    action: Annotated[
        Action | None, meta("what a button does when it is pressed; `recall` and `store` need a `slot`")
    ] = None
    slot: Annotated[
        Annotated[int, Meta(ge=1, le=128)] | None, meta("number of the snapshot that an `action` is about")
    ] = None
    morph: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=128)], Annotated[int, Meta(ge=1, le=128)]] | None,
        meta("two snapshots that the knob goes between"),
    ] = None
    morph_by: Annotated[
        Literal["latent", "parameters"],
        meta("the way between them: through the model's latent, or straight from parameter to parameter"),
    ] = "latent"
    low: Annotated[float, meta("where the target stands when the knob is lowest", ge=0, le=1)] = 0.0
    high: Annotated[
        float, meta("… and when it is highest; below `low` it turns the knob over", ge=0, le=1)
    ] = 1.0
    curve: Annotated[
        CurveName,
        meta("how the target follows: evenly, late, early, or in the middle"),
    ] = "linear"
    takeover: Annotated[
        Takeover,
        meta("what happens where knob and target stand apart; `relative` is for endless encoders"),
    ] = "jump"
    encoder: Annotated[
        Encoder,
        meta("how an endless encoder counts up and down: 1 and 127, 65 and 63, or 1 and 65"),
    ] = "twos"
    step: Annotated[float, meta("how far a tick of an endless encoder goes", gt=0, le=1)] = 1 / 127

    @property
    def source(self) -> tuple[SourceKind, int]:
        """Kind and number of what is turned."""
        if self.cc is not None:
            return "cc", self.cc
        if self.nrpn is not None:
            return "nrpn", self.nrpn
        if self.rpn is not None:
            return "rpn", self.rpn
        if self.poly_pressure is not None:
            return "poly_pressure", self.poly_pressure
        if self.program is not None:
            return "program", self.program
        return ("bend" if self.bend else "pressure"), 0

    @property
    def label(self) -> str:
        """What is turned, in few words."""
        kind, number = self.source
        if self.bend or self.pressure:
            return kind
        return f"{kind if len(kind) > 4 else kind.upper()} {number}".replace("_", " ")

    def __post_init__(self) -> None:
        self._check_source()
        self._check_target()

    def _check_source(self) -> None:
        numbers = (self.cc, self.nrpn, self.rpn, self.poly_pressure, self.program)
        sources = sum(number is not None for number in numbers) + self.bend + self.pressure
        if sources != 1:
            raise ValueError(
                "exactly one of cc, nrpn, rpn, poly_pressure, program, bend = true, pressure = true, "
                f"got {sources} of them"
            )
        if self.cc == 64:
            raise ValueError("a map of a cc other than 64, which is the sustain pedal, got cc 64")
        if self.bits == 14 and (self.cc is None or self.cc > 31):
            raise ValueError(f"14 bits with a cc of 0-31 only, got them with {self.label}")
        if self.takeover == "relative" and (self.cc is None or self.bits == 14):
            raise ValueError(f"takeover relative with a cc of 7 bits only, got it with {self.label}")

    def _check_target(self) -> None:
        names = (
            self.macro,
            self.latent,
            self.parameter,
            self.loop,
            self.repair,
            self.groove,
            self.action,
            self.morph,
        )
        targets = sum(name is not None for name in names) + self.bypass + self.gain + self.tempo
        if targets != 1:
            raise ValueError(
                "exactly one of macro, latent, parameter, loop, repair, groove, action, morph, "
                f"bypass = true, gain = true, tempo = true, got {targets} of them"
            )
        if (self.slot is not None) != (self.action in ("recall", "store")):
            raise ValueError(f"a slot with action recall or store, and only then, got {self.slot}")
        if self.bypass and self.effect is None:
            raise ValueError("a map with bypass and the effect that it is of, got no effect")
        if self.effect is not None and not self.bypass and self.parameter is None:
            raise ValueError("a map of an effect with one of its parameters or bypass, got neither")


class Send(Table, frozen=True):
    """One parameter that goes out as a control change whenever it moves."""

    parameter: Annotated[str, meta("name of an instrument parameter")]
    cc: Annotated[int, meta("MIDI control change number", ge=0, le=119)]
    channel: Annotated[int, meta("MIDI channel", ge=1, le=16)] = 1
    low: Annotated[float, meta("where the control stands when the parameter is lowest", ge=0, le=1)] = 0.0
    high: Annotated[
        float, meta("… and when it is highest; below `low` it turns the control over", ge=0, le=1)
    ] = 1.0


class Sync(Table, frozen=True):
    """One parameter of the instrument, a rate in Hz, that keeps to the tempo."""

    parameter: Annotated[str, meta("name of an instrument parameter whose unit is Hz")]
    beats: Annotated[float, meta("beats that a period lasts", gt=0, le=64)]


def default_maps(macros: Sequence[str] = MACRO_NAMES) -> list[Map]:
    """CC 20 and those after it on the macros, and the modulation wheel (CC 1) on "moving"."""
    knobs = [Map(cc=cc, macro=name) for cc, name in zip(_MACRO_KNOBS, macros, strict=False)]
    return [*knobs, *(Map(cc=1, macro=name) for name in macros if name == "moving")]
