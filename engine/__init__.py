"""The real-time core: strip, devices, kernels, models and the live processors.

The names below are the package's front door; their modules are loaded when a name is first used, so that
a process which only needs events and rings loads neither ONNX Runtime nor PortAudio.
"""

from typing import TYPE_CHECKING

from tsumami.engine.lazy import lazy_exports

if TYPE_CHECKING:
    from tsumami.engine.client import EngineClient
    from tsumami.engine.config import EngineConfig, MacroLabel, Message, StageSource
    from tsumami.engine.devices.device import Device, NullDevice, open_device
    from tsumami.engine.devices.portaudio import output_devices
    from tsumami.engine.errors import (
        DeviceError,
        EngineError,
        ModelError,
        ParameterError,
        PluginError,
        SessionError,
        TsumamiError,
    )
    from tsumami.engine.events import EVENT_DTYPE, NO_EVENTS, NOW, Events, Kind, event
    from tsumami.engine.inference.contract import Contract, Latent, ModelParameter, Training
    from tsumami.engine.inference.contract_file import check_contract
    from tsumami.engine.inference.inference import Inference
    from tsumami.engine.macros import MacroProcessor
    from tsumami.engine.macros.model import MacroModel
    from tsumami.engine.macros.sound_model import SoundModel
    from tsumami.engine.meter_block import MeterBlock
    from tsumami.engine.parameter import Parameter
    from tsumami.engine.resample import StreamResampler
    from tsumami.engine.ring import Ring
    from tsumami.engine.stage import Stage, run_stage
    from tsumami.engine.stft.stft import StftStream
    from tsumami.engine.strip.input_ring import input_frames
    from tsumami.engine.strip.settings import DeviceRequest, InputSettings, StripSettings
    from tsumami.engine.strip.strip import Strip

_MODULES = {
    "client": ("EngineClient",),
    "config": ("EngineConfig", "MacroLabel", "Message", "StageSource"),
    "inference.contract": ("Contract", "Latent", "ModelParameter", "Training"),
    "inference.contract_file": ("check_contract",),
    "devices.device": ("Device", "NullDevice", "open_device"),
    "errors": (
        "DeviceError",
        "EngineError",
        "ModelError",
        "ParameterError",
        "PluginError",
        "SessionError",
        "TsumamiError",
    ),
    "events": ("EVENT_DTYPE", "NOW", "NO_EVENTS", "Events", "Kind", "event"),
    "inference.inference": ("Inference",),
    "strip.input_ring": ("input_frames",),
    "macros.model": ("MacroModel",),
    "macros": ("MacroProcessor",),
    "meter_block": ("MeterBlock",),
    "parameter": ("Parameter",),
    "devices.portaudio": ("output_devices",),
    "resample": ("StreamResampler",),
    "ring": ("Ring",),
    "macros.sound_model": ("SoundModel",),
    "stage": ("Stage", "run_stage"),
    "stft.stft": ("StftStream",),
    "strip.strip": ("Strip",),
    "strip.settings": ("DeviceRequest", "InputSettings", "StripSettings"),
}
__all__ = [
    "EVENT_DTYPE",
    "NOW",
    "NO_EVENTS",
    "Contract",
    "Device",
    "DeviceError",
    "DeviceRequest",
    "EngineClient",
    "EngineConfig",
    "EngineError",
    "Events",
    "Inference",
    "InputSettings",
    "Kind",
    "Latent",
    "MacroLabel",
    "MacroModel",
    "MacroProcessor",
    "Message",
    "MeterBlock",
    "ModelError",
    "ModelParameter",
    "NullDevice",
    "Parameter",
    "ParameterError",
    "PluginError",
    "Ring",
    "SessionError",
    "SoundModel",
    "Stage",
    "StageSource",
    "StftStream",
    "StreamResampler",
    "Strip",
    "StripSettings",
    "Training",
    "TsumamiError",
    "check_contract",
    "event",
    "input_frames",
    "open_device",
    "output_devices",
    "run_stage",
]


__getattr__ = lazy_exports(__name__, _MODULES)
