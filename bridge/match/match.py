"""The work of `tsumami match`: a sound is read, a patch found for it, a preset written."""

import json as json_module
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tsumami.bridge.match.report import MatchBar, Outcome, document_of, hints_of, line_of, picture_of
from tsumami.engine.errors import SessionError
from tsumami.engine.inference.contract import BUILTIN, Contract
from tsumami.engine.macros.sound_model import SoundModel
from tsumami.engine.models import LISTENING, shipped_model
from tsumami.plugins.match.library import open_library
from tsumami.plugins.match.matching import Match, match_sound, play_for, player_for, settings_of
from tsumami.plugins.match.picture import check_drawing
from tsumami.plugins.match.player import PatchPlayer
from tsumami.plugins.match.search import by_detail, by_power
from tsumami.plugins.match.sound import HeardSound, read_sound
from tsumami.plugins.match.written import check_preset_path, encode_patch, sound_of_preset
from tsumami.plugins.offline import render_preset
from tsumami.plugins.offline.data_set import explained
from tsumami.plugins.offline.wav import wav_bytes, write_beside
from tsumami.plugins.presets.formats import check_unused
from tsumami.plugins.presets.preset import is_same_synth

_WAV_RATE_HZ: Final = 48_000
"""Of the WAV file, which is as a single one that `tsumami render` writes."""


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """What the command line was given; None where it was not."""

    sound: Path
    model: Path | None
    preset: Path
    plugin: Path | None
    builtin: bool
    render: Path | None
    plot: Path | None
    refine_seconds: float
    detail: bool
    presets: Path | None
    seed: int
    workers: int | None
    note: Mapping[str, float | None]
    """``note``, ``velocity`` and ``hold_seconds``."""
    gain_db: float
    force: bool
    json: bool

    @property
    def outputs(self) -> list[Path]:
        """The files to write."""
        return [path for path in (self.preset, self.render, self.plot) if path is not None]


def run_match(options: MatchOptions) -> bool:
    """Match, write what was asked for, and say how near it is; False when the search was interrupted."""
    _check_outputs(options)
    model = SoundModel(_model(options))
    instrument = _instrument(options, model.contract)
    settings = settings_of(model.contract, **options.note)
    sound = read_sound(options.sound, options.gain_db, settings.length_seconds)
    hints = hints_of(sound, settings, is_chosen=options.note["note"] is not None)
    for hint in hints:
        print(f"tsumami: {hint}", file=sys.stderr)
    with player_for(model.contract, instrument, settings, options.workers) as player:
        check_preset_path(options.preset, player.instrument)
        found = _search(options, sound, model, player)
        content = encode_patch(options.preset, player.instrument, player.ready.parameters, found.found.patch)
        written = play_for(sound, sound_of_preset(content, options.preset, player), player)
        outcome = Outcome(options.preset, player, model.contract, sound, found, written, hints)
        if options.plot is not None:
            _write(options.plot, picture_of(options.sound.name, outcome))
        _write(options.preset, content)
        if options.render is not None:
            wav = replace(settings, sample_rate=_WAV_RATE_HZ, channels=2)
            audio = render_preset(instrument, options.preset, settings=wav)
            _write(options.render, wav_bytes(audio, _WAV_RATE_HZ))
    print(json_module.dumps(document_of(outcome), allow_nan=False) if options.json else line_of(outcome))
    return found.is_whole


def _search(options: MatchOptions, sound: HeardSound, model: SoundModel, player: PatchPlayer) -> Match:
    with MatchBar(options.refine_seconds) as bar:
        library = None if options.presets is None else open_library(options.presets, player, bar.hear)
        return match_sound(
            sound,
            model,
            player,
            library=library,
            seconds=options.refine_seconds,
            seed=options.seed,
            measure=by_detail if options.detail else by_power,
            on_step=bar.search,
        )


def _check_outputs(options: MatchOptions) -> None:
    for path in options.outputs:
        check_unused(path, overwrite=options.force)
        if not path.absolute().parent.is_dir():
            raise SessionError(f"output must be in a folder that is there, got {path}")
    for given, ending in ((options.render, ".wav"), (options.plot, ".png")):
        if given is not None and given.suffix.lower() != ending:
            raise SessionError(f"output must end with {ending}, got {given}")
    if len(set(options.outputs)) < len(options.outputs):
        raise SessionError(f"outputs must be different files, got {options.outputs[-1]} twice")
    if options.plot is not None:
        check_drawing()


def _model(options: MatchOptions) -> Path:
    """The model that was given, or the one that ships for the plugin."""
    if options.model is not None:
        return options.model
    name = next(
        (name for name in LISTENING if options.plugin and is_same_synth(name, options.plugin.stem)), ""
    )
    shipped = shipped_model(name)
    if shipped is None:
        ships = ", ".join(LISTENING)
        raise SessionError(f"model must be given with --model M.onnx, got none; one ships for {ships} only")
    return shipped


def _instrument(options: MatchOptions, contract: Contract) -> str | Path:
    """What is played: as it is said, or the built-in synthesizer for a model of it."""
    if options.plugin is not None and options.builtin:
        raise SessionError("instrument must be one of --plugin PATH and --builtin, got both")
    if options.plugin is None and not options.builtin and contract.instrument != BUILTIN:
        raise SessionError(
            f"instrument must be given with --plugin PATH for a model of {contract.instrument}, got none"
        )
    return options.plugin or BUILTIN


def _write(path: Path, data: bytes) -> None:
    with explained(str(path)):
        write_beside(path, data)
