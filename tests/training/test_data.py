from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import tsumami.training.macros.data as data
from tsumami.plugins import PARAMETERS, load_bank
from tsumami.plugins.match.mel import BANDS, FRAMES
from tsumami.training.macros.descriptors import DESCRIPTORS, MACROS


class Counting(ThreadPoolExecutor):
    """Workers in this process that count their tasks."""

    def __init__(self) -> None:
        super().__init__(1)
        self.tasks = 0

    def submit(self, *arguments, **options):  # type: ignore[no-untyped-def]
        self.tasks += 1
        return super().submit(*arguments, **options)


def test_a_chunk_is_always_the_same_and_no_other() -> None:
    first = data.make_patches(3, 0, 20)
    np.testing.assert_array_equal(first, data.make_patches(3, 0, 20))
    for seed, chunk in ((3, 1), (4, 0)):
        assert not np.isin(first[:, 0], data.make_patches(seed, chunk, 20)[:, 0]).all()
    assert first.dtype == np.float32
    assert np.all((first >= 0) & (first <= 1))


def test_the_bank_is_split_in_two() -> None:
    held_out = {patch.name for patch in data.held_out_bank()}
    trained = {patch.name for patch in data.training_bank()}
    assert held_out.isdisjoint(trained)
    assert held_out | trained == {patch.name for patch in load_bank()}
    assert len(trained) > len(held_out) > 10


def test_tags_are_signs_by_macro() -> None:
    for patch in load_bank():
        tags = data.tags_of(patch)
        assert np.count_nonzero(tags) == len(patch.tags)
        for macro, sign in zip(MACROS, tags, strict=True):
            assert (macro in patch.tags) == (sign == 1)


def test_a_stopped_render_goes_on_where_it_was(tmp_path: Path) -> None:
    chunks = [data.make_patches(1, chunk, 2) for chunk in range(3)]
    with Counting() as pool:
        first = data.render_chunks(chunks[:1], tmp_path, pool, with_mels=True)
        whole = data.render_chunks(chunks, tmp_path, pool, with_mels=True)
        assert pool.tasks == 3
        again = data.render_chunks(chunks, tmp_path, pool, with_mels=True)
        assert pool.tasks == 3
    np.testing.assert_array_equal(whole.parameters, np.concatenate(chunks))
    np.testing.assert_array_equal(whole.descriptors[:2], first.descriptors)
    np.testing.assert_array_equal(whole.descriptors, again.descriptors)
    assert whole.mels.shape == (6, BANDS, FRAMES)
    assert whole.descriptors.shape == (6, len(DESCRIPTORS))
    assert np.isfinite(whole.descriptors).all()
    assert not list(tmp_path.glob("*.part"))


def test_renders_without_mels_take_no_room(tmp_path: Path) -> None:
    with Counting() as pool:
        renders = data.render_chunks([data.make_patches(1, 0, 2)], tmp_path, pool, with_mels=False)
    assert renders.mels.size == 0
    assert len(renders) == 2


def test_the_training_set_begins_with_the_tagged_bank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = data.training_bank()[:3]
    monkeypatch.setattr(data, "training_bank", lambda: few)
    monkeypatch.setattr(data, "CHUNK", 2)
    monkeypatch.setattr(data.make_patches, "__defaults__", (2,))
    with Counting() as pool:
        renders = data.render_training_set(4, 1, tmp_path, pool)
    assert len(renders) == 3 + 4
    assert renders.parameters.shape == (7, len(PARAMETERS))
    np.testing.assert_array_equal(renders.parameters[:3], np.stack([patch.values for patch in few]))
    assert renders.tags[:3].any(axis=1).all()
    assert not renders.tags[3:].any()


def test_the_cache_is_named_after_what_decides_its_content() -> None:
    assert data.fingerprint(1) == data.fingerprint(1) != data.fingerprint(2)


def test_workers_are_an_executor() -> None:
    with data.workers(1) as pool:
        assert isinstance(pool, Executor)
        assert pool.submit(abs, -3).result() == 3
