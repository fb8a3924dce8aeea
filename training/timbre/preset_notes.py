"""Notes of synthesizers: presets of a plugin and random patches of the built-in one, a timbre each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.timbre.features import SAMPLE_RATE
from tsumami.plugins.builtin.random_patch import RECIPES, random_patch
from tsumami.plugins.match.player import PatchPlayer
from tsumami.plugins.offline.entries import entries_of
from tsumami.plugins.offline.flags import SILENT_PEAK
from tsumami.plugins.offline.instruments import BUILTIN
from tsumami.plugins.offline.messages import Rendered, Sound
from tsumami.plugins.offline.settings import RenderSettings
from tsumami.plugins.presets import read_presets
from tsumami.training.timbre.notes import LOWEST_NOTE, PITCHES, Notes, Rows, at_peak, frames_of

SECONDS: Final = 1.5
"""A key is held so long, and no more is heard."""

_FEWEST: Final = 2
"""Notes of a preset that must sound."""
_UNPITCHED: Final = ("percussion", "texture")
"""Categories of patches that are noise more often than notes."""

Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Bank:
    """What is played: sounds by their names, of one instrument."""

    instrument: str | Path
    names: tuple[str, ...]
    sounds: tuple[Sound, ...]

    def first(self, count: int, seed: int) -> "Bank":
        """At most so many, drawn by ``seed``, in their order."""
        rows = sorted(np.random.default_rng(seed).permutation(len(self.names))[:count].tolist())
        names, sounds = (tuple(values[row] for row in rows) for values in (self.names, self.sounds))
        return Bank(self.instrument, names, sounds)

    def named(self, word: str) -> "Bank":
        """The same under other names."""
        return Bank(self.instrument, tuple(f"{word} {row}" for row in range(len(self.names))), self.sounds)


def preset_bank(plugin: Path, places: Sequence[Path]) -> Bank:
    """All presets of files or folders that differ, for a plugin; named as their files name them."""
    presets = [preset for place in places for preset in read_presets(place, lambda _broken: None)]
    with PatchPlayer(plugin, (), RenderSettings(), workers=1) as player:
        rows = entries_of(presets, player.instrument, player.ready).rows
    first = {row.key: row for row in reversed(rows)}
    kept = sorted(first.values(), key=lambda row: row.preset.source)
    return Bank(plugin, tuple(row.preset.source for row in kept), tuple(row.sound for row in kept))


def patch_bank(count: int, seed: int) -> Bank:
    """Random patches of the built-in synthesizer that are played as notes."""
    rng = np.random.default_rng(seed)
    kinds = [name for name in RECIPES if name not in _UNPITCHED]
    patches = [random_patch(rng, kinds[number % len(kinds)]) for number in range(count)]
    return Bank(BUILTIN, tuple(f"patch {number}" for number in range(count)), tuple(map(Sound, patches)))


def played(bank: Bank, notes_each: int, seed: int, progress: Progress = lambda _done, _of: None) -> Notes:
    """So many different notes of C3-B5 of every sound of a bank; those with fewer than two are left out."""
    wanted = _draw(len(bank.sounds), notes_each, seed)
    found: list[tuple[int, int, npt.NDArray[np.float16]]] = []
    done, of = 0, wanted.size
    for note in range(LOWEST_NOTE, LOWEST_NOTE + PITCHES):
        rows = np.flatnonzero((wanted == note).any(axis=1)).tolist()
        settings = RenderSettings(note, hold_seconds=SECONDS, length_seconds=SECONDS, sample_rate=SAMPLE_RATE)
        with PatchPlayer(bank.instrument, (), settings, workers=1) as player:
            results = player.render([bank.sounds[row] for row in rows])
            for row, result in zip(rows, results, strict=True):
                if isinstance(result, Rendered) and np.abs(result.audio).max() >= SILENT_PEAK:
                    found.append((row, note, at_peak(result.audio, frames_of(SECONDS))))
                done += 1
                progress(done, of)
    return _gathered(found, bank.names)


def _gathered(found: list[tuple[int, int, npt.NDArray[np.float16]]], names: Sequence[str]) -> Notes:
    found = sorted(found, key=lambda item: item[:2])
    timbres = np.array([row for row, _, _ in found])
    sounding = [row for row, count in enumerate(np.bincount(timbres)) if count >= _FEWEST]
    whole = Notes(
        np.stack([sound for _, _, sound in found]),
        np.array([note for _, note, _ in found]),
        timbres,
        tuple(f"{row}" for row in range(len(names))),
    )
    kept = whole.of([f"{row}" for row in sounding])
    return Notes(kept.sounds, kept.notes, kept.timbres, tuple(names[row] for row in sounding))


def _draw(sounds: int, notes_each: int, seed: int) -> Rows:
    """MIDI notes ``[sounds, notes_each]``, no two of a row the same."""
    rng = np.random.default_rng(seed)
    orders = rng.permuted(np.tile(np.arange(PITCHES), (sounds, 1)), axis=1)
    return np.asarray(orders[:, :notes_each] + LOWEST_NOTE)
