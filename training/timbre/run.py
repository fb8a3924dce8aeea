"""`tsumami train timbre`, step by step: notes first, kept in the folder, then every model in its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tsumami.engine.errors import ModelError
from tsumami.training.checkpoint import FILE, has_checkpoint, load_checkpoint
from tsumami.training.progress import counting
from tsumami.training.timbre.encoder_data import Split, split_of
from tsumami.training.timbre.encoder_fit import SYSTEM, TrainedEncoder, fit_encoder, load_encoder
from tsumami.training.timbre.fit import MODELS, Run, fit
from tsumami.training.timbre.instruments import read_instruments
from tsumami.training.timbre.notes import Notes
from tsumami.training.timbre.preset_notes import Bank, patch_bank, played, preset_bank
from tsumami.training.timbre.schedule import ENCODER, PAPER, EncoderSchedule

ENCODERS: Final = ("contrastive", "triplet")
"""Encoders by their loss."""
_PATCH_PRESETS: Final = 1_500
"""Patches that stand for presets where no plugin is given."""

Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of a run, and what its notes are made of: a plugin's presets, or patches without one."""

    folder: Path
    data: Path
    plugin: Path | None
    presets: tuple[Path, ...]
    budget: str
    seed: int
    command: str

    def instruments(self) -> Notes:
        """Notes of instruments, read once."""
        return self._kept("instruments", lambda show: read_instruments(self.data, show))

    def split(self) -> Split:
        """All notes that the encoder is trained and judged with, played once."""
        schedule, instruments = ENCODER[self.budget], self.instruments()
        patches = self._kept("patches", lambda show: self._played(self._patch_bank(schedule), schedule, show))
        presets = self._kept("presets", lambda show: self._played(self._bank(schedule), schedule, show))
        return split_of(instruments, patches, presets, schedule, self.seed)

    def _kept(self, name: str, make: Callable[[Progress], Notes]) -> Notes:
        path = self.folder / f"notes-{name}.npz"
        if not path.exists():
            with counting(f"notes of {name}") as show:
                make(show).save(path)
        return Notes.load(path)

    def _patch_bank(self, schedule: EncoderSchedule) -> Bank:
        return patch_bank(schedule.patches, self.seed)

    def _bank(self, schedule: EncoderSchedule) -> Bank:
        if self.plugin is None:
            count = min(_PATCH_PRESETS, schedule.presets)
            return patch_bank(count, self.seed + 1).named("preset")
        return preset_bank(self.plugin, self.presets).first(schedule.presets, self.seed)

    def _played(self, bank: Bank, schedule: EncoderSchedule, show: Progress) -> Notes:
        return played(bank, schedule.notes_each, self.seed, show)


def train_paper(place: Place, name: str) -> Run:
    """A model of the paper, in its folder."""
    return fit(
        place.instruments(),
        name,
        place.folder / name,
        PAPER[place.budget],
        seed=place.seed,
        command=place.command,
    )


def train_encoder(place: Place, loss: str) -> TrainedEncoder:
    """An encoder, in its folder."""
    return fit_encoder(
        place.split(),
        loss,
        place.folder / loss,
        ENCODER[place.budget],
        seed=place.seed,
        command=place.command,
    )


@dataclass(frozen=True, slots=True)
class Trained:
    """What a folder holds."""

    paper: tuple[Run, ...]
    encoders: tuple[TrainedEncoder, ...]


def find_trained(folder: Path) -> Trained:
    """The models in a folder of `tsumami train timbre`. Raises `ModelError` where there is none."""
    paper = tuple(Run(load_checkpoint(folder / name, SYSTEM)) for name in _there(folder, tuple(MODELS)))
    encoders = tuple(load_encoder(folder / name) for name in _there(folder, ENCODERS))
    if not paper and not encoders:
        raise ModelError(
            f"runs must be a folder that tsumami train {SYSTEM} has made, got {folder} without {FILE}"
        )
    return Trained(paper, encoders)


def kept_notes(folder: Path, trained: Trained) -> tuple[Notes, Split | None]:
    """The notes of a folder as its trainings had them: instruments, and the split where there are encoders.

    Raises `ModelError` where they are not there any more.
    """
    paths = {name: folder / f"notes-{name}.npz" for name in ("instruments", "patches", "presets")}
    needed = list(paths) if trained.encoders else ["instruments"]
    for name in needed:
        if not paths[name].exists():
            raise ModelError(f"runs must hold {paths[name].name}, got {folder} without; train there again")
    notes = {name: Notes.load(paths[name]) for name in needed}
    if not trained.encoders:
        return notes["instruments"], None
    encoder = trained.encoders[0]
    split = split_of(
        notes["instruments"], notes["patches"], notes["presets"], ENCODER[encoder.budget], encoder.seed
    )
    return notes["instruments"], split


def _there(folder: Path, names: Sequence[str]) -> list[str]:
    return [name for name in names if has_checkpoint(folder / name)]
