"""The hosted plugins of a session: the instrument, when it is one, and the chain of effects."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tsumami.bridge.session.tables import Session
from tsumami.engine.config import StageSource
from tsumami.engine.errors import PluginError, SessionError
from tsumami.plugins.hosted.client import PluginClient, PluginSource
from tsumami.plugins.hosted.settings import INSTRUMENT
from tsumami.plugins.hosted.sounds import sound_of_file
from tsumami.plugins.scan import probe
from tsumami.plugins.scan.binary import unusable
from tsumami.plugins.scan.folders import plugin_format
from tsumami.plugins.vst3.parameters import ParameterTable


class Rack:
    """All plugins of a session in their processes, loaded at the same time; `close` ends them.

    ``report`` hears, from any thread, what goes wrong with a plugin and what is done about it.
    ``patience_seconds`` is for offline work, see `HostedSettings`.
    """

    def __init__(
        self, session: Session, report: Callable[[str], None], *, patience_seconds: float = 0.0
    ) -> None:
        sample_rate, block_size = float(session.device.sample_rate), session.device.block_size
        self.clients: tuple[PluginClient, ...] = ()
        self._labels = _effect_labels(session)
        try:
            for source in _sources(session):
                client = PluginClient(
                    source, sample_rate, block_size, report, patience_seconds=patience_seconds
                )
                self.clients = (*self.clients, client)
                client.launch()
            for client in self.clients:
                client.wait_ready()
            if _uses_unique_ids(session):
                for client in self.clients:
                    client.parameters = client.parameters.with_unique_ids(_unique_ids(client.source))
        except BaseException:
            self.close()
            raise

    @property
    def instrument(self) -> PluginClient | None:
        """The instrument, where it is a plugin."""
        return next((client for client in self.clients if client.source.place == INSTRUMENT), None)

    @property
    def effects(self) -> tuple[PluginClient, ...]:
        """The effects, in the order of the chain."""
        return tuple(client for client in self.clients if client.source.place != INSTRUMENT)

    @property
    def effect_tables(self) -> Mapping[str, ParameterTable]:
        """The parameters of each effect by the name that maps call it, in the order of the chain."""
        tables = (client.parameters for client in self.effects)
        return MappingProxyType(dict(zip(self._labels, tables, strict=True)))

    @property
    def effect_stages(self) -> tuple[StageSource, ...]:
        """What the engine makes the chain from."""
        return tuple(client.stage() for client in self.effects)

    def counts(self) -> list[dict[str, Any]]:
        """What went wrong with each plugin so far."""
        return [client.counts() for client in self.clients]

    def close(self) -> None:
        """End all processes."""
        for client in self.clients:
            client.close()


def _sources(session: Session) -> list[PluginSource]:
    sources = []
    instrument = session.instrument
    if instrument.path is not None:
        sources.append(_source(instrument.path, instrument.plugin, instrument.preset, INSTRUMENT))
    for place, effect in enumerate(session.effects):
        sources.append(_source(effect.path, effect.plugin, effect.preset, place, effect.bypass))
    return sources


def _source(
    path: str, plugin: str | None, preset: str | None, place: int, is_bypassed: bool = False
) -> PluginSource:
    _check_file(Path(path))
    sound = None if preset is None else sound_of_file(preset)
    return PluginSource(Path(path), plugin, sound, place, is_bypassed)


def _check_file(path: Path) -> None:
    """Refuse at once what its name and first bytes show to be something else."""
    if not path.exists():
        raise PluginError(f"plugin must be a VST3 plugin that is there, got {path}")
    found = plugin_format(path)
    if found == "VST2":
        raise PluginError(
            f"plugin must be a VST3 plugin to be played live, got {path}, a VST2 plugin; "
            "`tsumami render --plugin` takes it"
        )
    reason = unusable(path, "VST3") if found == "VST3" else "has not the name of one"
    if reason:
        raise PluginError(f"plugin must be a VST3 plugin for this system, got {path}, which {reason}")


def _uses_unique_ids(session: Session) -> bool:
    addresses = [entry.parameter or "" for entry in session.maps] + [send.parameter for send in session.sends]
    return any(address.startswith("id:") for address in addresses)


def _unique_ids(source: PluginSource) -> dict[int, int | None]:
    """Unique ids by index: pedalboard does not tell them, so a throw-away process asks the plugin itself."""
    (report, *_) = probe(source.path, source.plugin_name)
    return {row.index: row.unique_id for row in report.parameters}


def _effect_labels(session: Session) -> list[str]:
    labels = [effect.label for effect in session.effects]
    for number, label in enumerate(labels):
        if label in labels[:number]:
            raise SessionError(
                f"effects[{number}].name must be unlike those before it, got {label!r} twice; give it a name"
            )
    return labels
