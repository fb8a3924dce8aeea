"""A preset: what one file, or one entry of a bank, says about a synthesizer's sound."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tsumami.engine.errors import ParameterError

Setting = float | str


@dataclass(frozen=True, slots=True, eq=False)
class Preset:
    """One sound of one synthesizer, as its file has it. The mappings are not to be written to.

    A preset reaches its plugin in one of two ways: by ``positions``, or, where the format holds the
    plugin's own opaque state, by ``state``. Both may be empty: some formats only describe a sound.
    """

    name: str
    format: str
    """The module that read it, such as ``amsynth`` or ``h2p``."""
    synth: str
    """Whose preset it is, such as ``Diva``; empty when the file does not say."""
    source: str
    """The file; with ``#n``, counted from 1, for an entry of a bank."""
    category: str = ""
    tags: tuple[str, ...] = ()
    author: str = ""
    comment: str = ""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    """Raw values by the synth's name of the parameter, as the file gives them, defaults filled in."""
    positions: Mapping[str, float] = field(default_factory=dict)
    """Positions 0-1 by the plugin's name of the parameter, clipped to its range."""
    state: bytes | None = None
    plugin_id: str = ""
    """The plugin that ``state`` is of: a VST3 class id (32 hex digits) or a VST2 id (four characters)."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """What was not understood; written back as it was."""
    filled: tuple[str, ...] = ()
    """Settings that the file lacks and that have their default."""
    clipped: tuple[str, ...] = ()
    """Settings whose value lies outside the parameter's range."""
    parts: Mapping[str, bytes] = field(default_factory=dict)
    """Binary parts of the file that are carried along to be written back."""


def _plain(name: str) -> str:
    """A synthesizer's name without what versions and platforms do to it: case, spaces, marks."""
    return "".join(character for character in name.casefold() if character.isalnum())


def is_same_synth(theirs: str, ours: str) -> bool:
    """Whether two names may be those of one synthesizer: one begins with the other.

    So ``amsynth`` is that of the plugin file ``amsynth_vst``. No name is nobody's.
    """
    one, other = sorted((_plain(theirs), _plain(ours)), key=len)
    return bool(one) and other.startswith(one)


def check_synth(preset: Preset, plugin_name: str, plugin_id: str = "") -> None:
    """Raise `ParameterError` when ``preset`` belongs to another synthesizer than the plugin.

    Where both have an id of the same kind, that decides, else `is_same_synth`. A preset that does not say
    whose it is passes.
    """
    if plugin_id and len(plugin_id) == len(preset.plugin_id):
        fits = plugin_id.casefold() == preset.plugin_id.casefold()
    else:
        fits = not _plain(preset.synth) or is_same_synth(preset.synth, plugin_name)
    if not fits:
        raise ParameterError(
            f"preset must be one of {plugin_name}, "
            f"got {preset.name!r} of {preset.synth or preset.plugin_id} in {preset.source}"
        )
