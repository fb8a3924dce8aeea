"""The exception tree of Tsumami.

::

    TsumamiError               everything Tsumami raises on purpose
    ├── SessionError           a session file, log or MIDI file that cannot be used
    ├── DeviceError            an audio or MIDI device that is missing, busy or refuses a setting
    ├── ModelError             a model file that is not one, or not of the contract
    ├── ParameterError         a parameter, patch or preset value outside its rule
    ├── SoundError             a sound file that cannot be read, or in which nothing is heard
    ├── PluginError            a plugin that cannot be loaded, or a state that it refuses
    ├── RenderError            a data set that cannot be written or gone on with, or a cluster that is gone
    └── EngineError            the engine process failed to start or died for good

A message reads ``<name> must be <rule>, got <value>`` and then the remedy; the
command line prints it as one line and exits with status 2.
"""


class TsumamiError(Exception):
    """Root of every error that Tsumami raises on purpose."""


class SessionError(TsumamiError):
    """A session, log or MIDI file cannot be used."""


class DeviceError(TsumamiError):
    """An audio or MIDI device is missing, busy, or refuses a setting."""


class ModelError(TsumamiError):
    """A model file is not one, or breaks the model contract."""


class ParameterError(TsumamiError):
    """A parameter, patch or preset value breaks its rule."""


class SoundError(TsumamiError):
    """A sound file cannot be read, or nothing is heard in it."""


class PluginError(TsumamiError):
    """A plugin cannot be loaded, or refuses what it was given."""


class RenderError(TsumamiError):
    """A data set cannot be written or gone on with, or the cluster that renders it is gone."""


class EngineError(TsumamiError):
    """The engine process failed to start, or died too often."""
