"""The training set: patches of the built-in synthesizer, rendered, seen as mel spectra, and described.

The paper (section 4.1) recorded about 11,000 presets, because random parameters mostly give nonsense.
Here patches come from recipes (`tsumami.plugins.random_patch`), from variations of the bank's patches, and
from recipes stretched towards the corners of the parameter space, where knobs will take them.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path
from rich.console import Console
from rich.progress import track

from tsumami.plugins import CONTINUOUS, PARAMETERS, Patch, load_bank, random_patch, render_patch, vary_patch
from tsumami.plugins.match.mel import BANDS, FRAMES, log_mel
from tsumami.plugins.match.spectra import power_frames
from tsumami.training.macros.descriptors import (
    DESCRIPTORS,
    HOLD_SECONDS,
    LABELS,
    LENGTH_SECONDS,
    MACROS,
    NOTE,
    SAMPLE_RATE,
    describe,
)

Values = npt.NDArray[np.float32]

CHUNK: Final = 200
"""Patches per file of the cache, so much is lost when a run is stopped."""

_HELD_OUT_EVERY = 3
_BANK_SHARE, _STRETCHED_SHARE = 0.3, 0.3


@dataclass(frozen=True, slots=True)
class Renders:
    """What is known of ``n`` patches.

    ``parameters`` float32 ``[n, parameters]`` 0-1; ``mels`` float16 ``[n, bands, frames]``, logarithmic,
    or ``[n, 0, 0]`` when they were not asked for; ``descriptors`` float32 ``[n, 9]``; ``tags`` int8
    ``[n, 8]``: 1 or -1 where a person has tagged the patch with the high or low label of a macro, else 0.
    """

    parameters: Values
    mels: npt.NDArray[np.float16]
    descriptors: Values
    tags: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.parameters)


def held_out_bank() -> tuple[Patch, ...]:
    """The patches of the bank that training never sees, nor variations of them."""
    return tuple(patch for row, patch in enumerate(load_bank()) if row % _HELD_OUT_EVERY == 0)


def training_bank() -> tuple[Patch, ...]:
    """The other patches of the bank."""
    return tuple(patch for row, patch in enumerate(load_bank()) if row % _HELD_OUT_EVERY)


def tags_of(patch: Patch) -> npt.NDArray[np.int8]:
    """A patch's human tags, int8 ``[8]``: 1 high label, -1 low label, 0 neither."""
    pairs = (LABELS[macro] for macro in MACROS)
    return np.array([(high in patch.tags) - int(low in patch.tags) for low, high in pairs], np.int8)


def make_patches(seed: int, chunk: int, count: int = CHUNK) -> Values:
    """The patches of one chunk, float32 ``[count, parameters]``; always the same ones."""
    rng = np.random.default_rng([seed, chunk])
    bank = training_bank()
    return np.stack([_make_patch(rng, bank) for _ in range(count)])


def _make_patch(rng: np.random.Generator, bank: Sequence[Patch]) -> Values:
    kind = rng.random()
    if kind < _BANK_SHARE:
        return vary_patch(bank[int(rng.integers(len(bank)))].values, rng, float(rng.uniform(0.1, 1.0)))
    patch = random_patch(rng)
    if kind < _BANK_SHARE + _STRETCHED_SHARE:
        strength = rng.uniform(0.0, 0.6) * (rng.random(CONTINUOUS) < 0.5)
        anywhere = rng.random(CONTINUOUS)
        patch[:CONTINUOUS] += (strength * (anywhere - patch[:CONTINUOUS])).astype(np.float32)
    return patch


def render_and_describe(parameters: Values, with_mels: bool) -> tuple[npt.NDArray[np.float16], Values]:
    """Mels and descriptors of patches; runs in worker processes."""
    mels, descriptors = [], []
    for values in parameters:
        sound = render_patch(
            values,
            note=NOTE,
            hold_seconds=HOLD_SECONDS,
            length_seconds=LENGTH_SECONDS,
            sample_rate=SAMPLE_RATE,
        )
        descriptors.append(describe(sound))
        mels.append(log_mel(sound.mean(axis=0)) if with_mels else np.zeros((0, 0), np.float32))
    return np.stack(mels).astype(np.float16), np.stack(descriptors)


def workers(count: int | None = None) -> Executor:
    """Worker processes, one a core by default; started afresh, as torch's threads do not survive a fork."""
    return ProcessPoolExecutor(count or os.cpu_count(), mp_context=get_context("spawn"))


def render_training_set(count: int, seed: int, folder: Path, pool: Executor) -> Renders:
    """``count`` patches and the training part of the bank, rendered once and kept in ``folder``.

    A run that was stopped goes on where it was; a change of the synthesizer, of the descriptors or of the
    seed begins anew, in another folder.
    """
    chunks = [make_patches(seed, chunk) for chunk in range(-(-count // CHUNK))]
    made = render_chunks(chunks, folder / fingerprint(seed), pool, with_mels=True)
    bank = training_bank()
    values = np.stack([patch.values for patch in bank])
    mels, descriptors = pool.submit(render_and_describe, values, True).result()
    tags = np.stack([tags_of(patch) for patch in bank])
    return join(Renders(values, mels, descriptors, tags), made)


def render_chunks(
    chunks: Sequence[Values], folder: Path, pool: Executor, *, with_mels: bool, title: str = "render"
) -> Renders:
    """Render each chunk unless ``folder`` has it already, with a progress bar on standard error."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{title}-{number:04d}.npz" for number in range(len(chunks))]
    pending = {
        path: (values, pool.submit(render_and_describe, values, with_mels))
        for path, values in zip(paths, chunks, strict=True)
        if not path.exists()
    }
    for path, (values, future) in track(pending.items(), title, console=Console(stderr=True)):
        mels, descriptors = future.result()
        _save(path, parameters=values, mels=mels, descriptors=descriptors)
    return join(*_load_all(paths))


def _load_all(paths: Sequence[Path]) -> Iterator[Renders]:
    for path in paths:
        with np.load(path) as stored:
            parameters = stored["parameters"]
            tags = np.zeros((len(parameters), len(MACROS)), np.int8)
            yield Renders(parameters, stored["mels"], stored["descriptors"], tags)


def _save(path: Path, **arrays: npt.NDArray[np.generic]) -> None:
    """Write beside and rename, so that a chunk is whole or absent."""
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    unfinished.replace(path)


def join(*parts: Renders) -> Renders:
    """All rows of ``parts``, in order."""
    return Renders(
        np.concatenate([part.parameters for part in parts]),
        np.concatenate([part.mels for part in parts]),
        np.concatenate([part.descriptors for part in parts]),
        np.concatenate([part.tags for part in parts]),
    )


def fingerprint(seed: int) -> str:
    """Hash of all that decides what chunk i holds: seed, parameter table, and the code that renders."""
    here = Path(__file__).parent
    plugins = Path(load_bank.__code__.co_filename).parent
    sources = [*sorted(plugins.glob("*.py")), plugins / "bank.toml"]
    sources += [here / "data.py", here / "descriptors.py"]
    sources += [Path(log_mel.__code__.co_filename), Path(power_frames.__code__.co_filename)]
    digest = hashlib.sha256(repr((seed, CHUNK, PARAMETERS, DESCRIPTORS, BANDS, FRAMES)).encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Where renders and checkpoints are kept unless the command line says otherwise."""
    return user_cache_path("tsumami") / "training" / "macros"
