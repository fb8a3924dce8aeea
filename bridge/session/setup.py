"""What live and offline playing share: a session turned into an instrument, a patch and settings."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tsumami.bridge.controllers import load_controller
from tsumami.bridge.loops.live_loop import loop_stage
from tsumami.bridge.macros.taught import taught_path
from tsumami.bridge.macros.taught_axis import TaughtAxes
from tsumami.bridge.macros.taught_session import taught_session
from tsumami.bridge.mapping import Mapping as CompiledMapping
from tsumami.bridge.mapping import Place, Target, compile_mapping, targets_of
from tsumami.bridge.session.addresses import resolve_addresses
from tsumami.bridge.session.map_tables import LATENTS, MACRO_NAMES, Map, default_maps
from tsumami.bridge.session.outside import parameters_of, patches_of
from tsumami.bridge.session.rack import Rack
from tsumami.bridge.session.session import Names, check_names, line_of, without_strangers
from tsumami.bridge.session.tables import VERSION, Session
from tsumami.engine.config import EngineConfig, StageSource
from tsumami.engine.errors import SessionError
from tsumami.engine.models import shipped_model
from tsumami.engine.parameter import Parameter
from tsumami.engine.strip.settings import DeviceRequest, InputSettings, StripSettings
from tsumami.plugins import PARAMETERS, Patch, load_bank
from tsumami.plugins.hosted.client import PluginClient
from tsumami.plugins.presets import Preset, read_presets

_INSTRUMENTS = {
    "builtin": StageSource("tsumami.plugins:BuiltinSynth"),
    "external": StageSource("tsumami.plugins:ExternalSynth"),
}
_REPAIR = "tsumami.engine.restoration.repair_stage:RepairStage"
_FIRST_PATCH = "Warm Evening"
"""Of the bank that ships: plays bass, chords and lead alike."""
_KNOBS = range(20, 28)
"""Controllers that move a plugin's first parameters, where a session has neither maps nor a model."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A session with every name looked up.

    Program changes choose from ``patches``, or from ``presets`` where the instrument is a plugin;
    ``sound`` is the name of the first. ``effects`` are the names of the parameters of each effect.
    """

    session: Session
    config: EngineConfig
    parameters: tuple[Parameter, ...]
    sound: str
    patches: tuple[Patch, ...] = ()
    presets: tuple[Preset, ...] = ()
    effects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    macros: tuple[str, ...] = ()
    """Names of the macros, where there is a model of them."""
    latents: int = 0
    """Dimensions of its latent."""
    left_out: tuple[str, ...] = ()
    """What is to be said of a session of a newer version that names what is not there."""
    note: str = ""
    """What is to be said of the macros, in one line."""

    @property
    def sample_rate(self) -> int:
        """Sample rate of the strip in Hz."""
        return self.session.device.sample_rate

    @property
    def own_maps(self) -> Sequence[Map]:
        """The session's maps; nothing where they are those that sessions without any begin with."""
        maps = self.session.maps
        return () if maps in (default_maps(), default_maps(self.macros)) else maps

    def mapping(self, macros: Sequence[str]) -> CompiledMapping:
        """The session's maps, compiled for these macros."""
        return compile_mapping(self.session, macros=macros, **self._names)

    def targets(self, macros: Sequence[str]) -> dict[Place, Target]:
        """Everything that can be moved, with these macros."""
        return targets_of(self.session, macros=macros, **self._names)

    @property
    def _names(self) -> dict[str, Any]:
        """What there is to be moved beside the macros, and how far few values are rounded."""
        return {
            "parameters": [row.name for row in self.parameters],
            "latents": self.latents,
            "effects": self.effects,
            "grains": {
                row.name: 0.5 / (len(row.choices) - 1) for row in self.parameters if len(row.choices) > 1
            },
        }


def set_up(
    session: Session, path: Path | None = None, *, rack: Rack | None = None, recording: bool = False
) -> Setup:
    """Look up the session's sounds, parameters and model.

    ``path`` is the session's file, to name the line of a mistake. ``rack`` has the session's plugins,
    loaded; it may be left out where the session has none.
    """
    _check_input(session, path)
    plugin = None if rack is None else rack.instrument
    if rack is not None:
        table = None if plugin is None else plugin.parameters
        session = resolve_addresses(session, table, rack.effect_tables, path)
    if plugin is not None:
        setup = _with_plugin(session, plugin)
    elif session.instrument.kind == "external" and session.macros.model != "builtin":
        setup = _with_synth_outside(session)
    else:
        setup = _with_patches(session)
    if rack is not None and rack.effects:
        effects = {label: table.labels for label, table in rack.effect_tables.items()}
        config = dataclasses.replace(setup.config, effects=rack.effect_stages)
        setup = dataclasses.replace(setup, config=config, effects=effects)
    setup = _with_loop(_with_macros(setup, path))
    names = Names(
        macros=setup.macros,
        parameters=[parameter.name for parameter in setup.parameters],
        patches=[patch.name for patch in setup.patches],
        latents=setup.latents,
        effects=setup.effects,
    )
    if setup.session.version > VERSION:
        session, left_out = without_strangers(setup.session, names)
        setup = dataclasses.replace(setup, session=session, left_out=left_out)
    _check_switched_on(setup.session, path)
    check_names(setup.session, **names._asdict(), path=path)
    _check_rates(setup, path)
    return dataclasses.replace(setup, config=dataclasses.replace(setup.config, recording=recording))


def _check_input(session: Session, path: Path | None) -> None:
    """The clock hears nothing, and nothing needs no repair."""
    if session.input.repair and session.input.source == "none":
        raise SessionError(
            f'{line_of(path, ("input", "repair"))}input.repair must be false where input.source is "none", '
            "got true; choose an --input"
        )
    if session.input.source == "device" and session.device.name == "null":
        raise SessionError(
            f'{line_of(path, ("input", "source"))}input.source must be "none" where the device is "null", '
            'which has no input, got "device"; choose another --device, or --input none'
        )


def _check_switched_on(session: Session, path: Path | None) -> None:
    """Refuse maps of a loop, a repair or a groove that is not there."""
    absent = {
        "loop": (session.loop.kind == "none", "a loop", "set loop.kind"),
        "repair": (not session.input.repair, "a repair", "set input.repair"),
        "groove": (not session.groove.on, "a groove", "set groove.on"),
    }
    for number, entry in enumerate(session.maps):
        for field_name, (is_absent, what, remedy) in absent.items():
            wanted = getattr(entry, field_name)
            if is_absent and wanted is not None:
                raise SessionError(
                    f"{line_of(path, ('map', number, field_name))}map[{number}].{field_name} must be in a "
                    f"session with {what}, got {wanted!r} without one; {remedy}"
                )


def _with_loop(setup: Setup) -> Setup:
    """A session with its loop player behind the effects."""
    if setup.session.loop.kind == "none":
        return setup
    config = dataclasses.replace(setup.config, effects=(*setup.config.effects, loop_stage(setup.session)))
    return dataclasses.replace(setup, config=config)


def _check_rates(setup: Setup, path: Path | None) -> None:
    """Only what is counted in Hz keeps to a tempo."""
    rates = [parameter.name for parameter in setup.parameters if parameter.unit == "Hz"]
    for number, sync in enumerate(setup.session.syncs):
        if sync.parameter not in rates:
            raise SessionError(
                f"{line_of(path, ('sync', number, 'parameter'))}sync[{number}].parameter must be a rate "
                f"in Hz ({', '.join(rates) or 'there is none'}), got {sync.parameter!r}"
            )


def _with_patches(session: Session) -> Setup:
    """A session whose instrument plays the patches of a bank."""
    bank = session.instrument.bank
    patches = load_bank() if bank is None else load_bank(Path(bank))
    default = _FIRST_PATCH if bank is None else patches[0].name
    patch = _first(patches, session.instrument.patch or default)
    config = _config(
        session, _INSTRUMENTS[session.instrument.kind], tuple(patch.values.tolist()), str(model_path(session))
    )
    return Setup(session, config, PARAMETERS, patch.name, patches)


def _with_synth_outside(session: Session) -> Setup:
    """A session whose instrument is elsewhere, and has a model: the parameters are those of the model."""
    from tsumami.engine.inference.contract_file import read_contract

    contract = read_contract(model_path(session))
    parameters, patches = parameters_of(contract), patches_of(session.instrument.bank, contract)
    patch = _first(patches, session.instrument.patch or patches[0].name)
    instrument = StageSource("tsumami.plugins:ExternalSynth", (parameters,))
    config = _config(session, instrument, tuple(patch.values.tolist()), str(model_path(session)))
    return Setup(session, config, parameters, patch.name, patches)


def _first(patches: Sequence[Patch], wanted: str) -> Patch:
    """The patch of a name; the first one where there is none, which is told later."""
    return next((patch for patch in patches if patch.name == wanted), patches[0])


def _with_plugin(session: Session, plugin: PluginClient) -> Setup:
    """A session whose instrument is a plugin: without a model of its own, knobs move parameters."""
    has_model = session.macros.model != "builtin"
    if not has_model:
        labels = plugin.parameters.labels
        maps = [Map(cc=cc, parameter=label) for cc, label in zip(_KNOBS, labels, strict=False)]
        session = _with_knobs(session, maps, [{"parameter": label} for label in labels])
    bank, preset = session.instrument.bank, session.instrument.preset
    config = _config(
        session, plugin.stage(), plugin.facts.values, str(model_path(session)) if has_model else None
    )
    return Setup(
        session,
        config,
        plugin.parameters.engine_parameters(),
        sound=plugin.facts.name if preset is None else f"{plugin.facts.name}: {Path(preset).stem}",
        presets=() if bank is None else read_presets(Path(bank)),
    )


def _with_macros(setup: Setup, path: Path | None) -> Setup:
    """A session with the names of its model's macros, and what they were taught.

    Only a model that is not the one that ships, or one that was taught, is looked into.
    """
    model, session = setup.config.macro_model, setup.session
    if model is None:
        return setup
    is_taught = path is not None and taught_path(path).exists()
    if session.macros.model == "builtin" and not is_taught:
        session = _with_knobs(session, default_maps(), [{"macro": name} for name in MACRO_NAMES])
        return dataclasses.replace(setup, session=session, macros=MACRO_NAMES, latents=LATENTS)
    # Here, so that a session of the model that ships needs ONNX Runtime in its engine only.
    from tsumami.engine.inference.contract_file import read_contract

    contract = read_contract(model)
    names = TaughtAxes(contract).names
    session = _with_knobs(session, default_maps(names), [{"macro": name} for name in names])
    taught = taught_session(path, Path(model), contract)
    config = dataclasses.replace(setup.config, macro_axes=taught.axes)
    return dataclasses.replace(
        setup, session=session, config=config, macros=names, latents=len(contract.latents), note=taught.note
    )


def _with_knobs(session: Session, maps: list[Map], targets: Sequence[dict[str, Any]]) -> Session:
    """A session without maps of its own gets these, or those of its controller for ``targets``."""
    if session.maps != default_maps():
        return session
    if session.midi.controller is not None:
        maps = load_controller(session.midi.controller).maps(targets)
    return msgspec.structs.replace(session, maps=maps)


def _config(
    session: Session, instrument: StageSource, values: tuple[float, ...], macro_model: str | None
) -> EngineConfig:
    return EngineConfig(
        memory_name="",
        instrument=instrument,
        values=values,
        input_stages=(_repair(session.input.model),) if session.input.repair else (),
        settings=StripSettings(
            sample_rate=session.device.sample_rate,
            block_size=session.device.block_size,
            gain_db=session.output.gain_db,
            ceiling_db=session.output.limiter_db,
            input=_input(session),
        ),
        device=DeviceRequest(session.device.name, session.device.api or ""),
        macro_model=macro_model,
        provider=session.macros.provider,
    )


def _repair(model: str) -> StageSource:
    return StageSource(_REPAIR, () if model == "builtin" else (model,))


def _input(session: Session) -> InputSettings | None:
    """What the strip is told of the input; None where there is none."""
    if session.input.source == "none":
        return None
    return InputSettings(
        device=session.input.device,
        channels=session.input.channels,
        gain_db=session.input.gain_db,
        is_monitored=session.input.monitor,
        is_searched=session.input.detect,
    )


def model_path(session: Session) -> Path:
    """File of the session's macro model, which is one that ships or a path."""
    return shipped_model(session.macros.model) or Path(session.macros.model)
