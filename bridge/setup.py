"""What live and offline playing share: a session turned into an instrument, a patch and settings."""

import importlib.resources
from dataclasses import dataclass
from pathlib import Path

from tsumami.bridge.session import check_names
from tsumami.bridge.session_tables import MACRO_NAMES, Session
from tsumami.engine.config import EngineConfig, StageSource
from tsumami.engine.parameter import Parameter
from tsumami.engine.strip_settings import DeviceRequest, StripSettings
from tsumami.plugins import PARAMETERS, Patch, load_bank

_INSTRUMENT = StageSource("tsumami.plugins:BuiltinSynth")
_FIRST_PATCH = "Warm Evening"
"""Of the bank that ships: plays bass, chords and lead alike."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A session with every name looked up."""

    session: Session
    config: EngineConfig
    parameters: tuple[Parameter, ...]
    patches: tuple[Patch, ...]
    patch: Patch

    @property
    def sample_rate(self) -> int:
        """Sample rate of the strip in Hz."""
        return self.session.device.sample_rate


def set_up(session: Session, path: Path | None = None, *, recording: bool = False) -> Setup:
    """Look up the session's bank, patch and model; ``path`` is its file, to name the line of a mistake."""
    bank = session.instrument.bank
    patches = load_bank() if bank is None else load_bank(Path(bank))
    check_names(
        session,
        macros=MACRO_NAMES,
        parameters=[parameter.name for parameter in PARAMETERS],
        patches=[patch.name for patch in patches],
        path=path,
    )
    wanted = session.instrument.patch or (_FIRST_PATCH if bank is None else patches[0].name)
    patch = next(patch for patch in patches if patch.name == wanted)
    config = EngineConfig(
        memory_name="",
        instrument=_INSTRUMENT,
        values=tuple(patch.values.tolist()),
        settings=StripSettings(
            sample_rate=session.device.sample_rate,
            block_size=session.device.block_size,
            gain_db=session.output.gain_db,
            ceiling_db=session.output.limiter_db,
        ),
        device=DeviceRequest(session.device.name, session.device.api or ""),
        macro_model=str(model_path(session)),
        provider=session.macros.provider,
        recording=recording,
    )
    return Setup(session, config, PARAMETERS, patches, patch)


def model_path(session: Session) -> Path:
    """File of the session's macro model; ``builtin`` is the one that ships."""
    if session.macros.model != "builtin":
        return Path(session.macros.model)
    return Path(str(importlib.resources.files("tsumami.engine.models") / "macros.onnx"))
